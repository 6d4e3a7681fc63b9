"""What the API server demands of the kinds that are built in, beside their schemas."""

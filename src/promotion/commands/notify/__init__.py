"""`promotion notify`: a push in an application's repository starts the HLD repository's workflow."""

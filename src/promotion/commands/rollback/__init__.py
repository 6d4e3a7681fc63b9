"""`promotion rollback`: the rollback action's job."""

"""`promotion materialize`: the action's job."""

"""`promotion compare`: both engines on one definition, and how their manifests differ."""

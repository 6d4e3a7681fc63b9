"""Whether manifests are what a Kubernetes cluster takes."""

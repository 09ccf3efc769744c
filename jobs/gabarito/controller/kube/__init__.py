"""The Kubernetes API: requests, what its objects say, Events, watches and leader election."""

"""The sample on the cluster of k8s/dev, and how this process reads its bucket."""

import yaml

from .kubectl import Kubectl, Object
from .machine import in_url
from .release import CHART

ONE_THREAD = {"name": "OMP_NUM_THREADS", "value": "1"}
"""Of several pods at once each computes with what there is: threads that wait are work too."""


def sample_values(bucket: str) -> Object:
    """Return the values of the sample, with the images of the cluster's registry."""
    values: Object = yaml.safe_load((CHART / "ci/demo-values.yaml").read_text(encoding="utf-8"))
    values["image"] = {"registry": "registry.local", "pullPolicy": "Always"}
    values["store"]["url"] = bucket
    return values


def store_environment(kubectl: Kubectl) -> dict[str, str]:
    """Return the variables with which a process of this machine reads the cluster's bucket."""
    service = kubectl.within("s3").get("Service", "s3")
    assert service, "no S3 server: k8s/dev/cluster s3 runs one"
    return {
        "AWS_ENDPOINT_URL": f"http://{in_url(service['spec']['clusterIP'])}:9000",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def node_addresses(kubectl: Kubectl) -> list[str]:
    """Return this machine as pods see it: one address of each of its families, in order."""
    (node,) = kubectl.find("Node")
    known = node["status"]["addresses"]
    return [each["address"] for each in known if each["type"] == "InternalIP"]

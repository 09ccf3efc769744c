"""The controller: the arrow on a cluster, each stage as a Job, and the model that passed served.

list, read manifests  ->  decide (pure)  ->  act, and look again
"""

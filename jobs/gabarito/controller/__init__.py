"""The controller: the pipeline on a cluster, each stage as a Job, and the model that passed served.

list objects, read manifests  ->  decide (pure)  ->  execute the actions, and begin again
"""

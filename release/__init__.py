"""What publishes a release: images of both architectures joined, checked and signed, and the chart.

images of one architecture each, pushed  ->  images, attestations, signatures, chart in a registry

docs/releasing.md says how it is called.
"""

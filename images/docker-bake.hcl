# docker buildx bake -f images/docker-bake.hcl [IMAGE...]
#
# Each variable can be set in the environment: VERSION=0.2.0 REGISTRY=registry.example/team/ …

# What stands before an image's name, with a slash at its end.
variable "REGISTRY" {
  default = ""
}

variable "VERSION" {
  default = "0.1.0"
}

# What the images are tagged: the version, and for a release the version and an architecture.
variable "TAG" {
  default = VERSION
}

variable "REVISION" {
  default = "unknown"
}

variable "BASE_IMAGE" {
  default = "python:3.12-slim-bookworm"
}

# What the ingest image reads in pictures, such as "por eng".
variable "OCR" {
  default = ""
}

# cuda or cpu
variable "TORCH" {
  default = "cuda"
}

group "default" {
  targets = ["image"]
}

target "image" {
  name       = image
  matrix     = { image = ["ingest", "generate", "train", "serve"] }
  context    = "."
  dockerfile = "images/Dockerfile"
  target     = image
  tags       = ["${REGISTRY}gabarito-${image}:${TAG}"]
  args       = { BASE_IMAGE = BASE_IMAGE, OCR = OCR, TORCH = TORCH }
  labels = {
    "org.opencontainers.image.version"   = VERSION
    "org.opencontainers.image.revision"  = REVISION
    "org.opencontainers.image.base.name" = BASE_IMAGE
  }
}

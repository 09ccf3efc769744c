"""llama.cpp's own server over one GGUF file: a process of its own, whose end is none of ours.

python -m gabarito.exports.llama_cpp_server FILE CONTEXT THREADS  ->  its address, printed

It serves until its standard input ends.
"""

import sys

import xllamacpp


def serve(path: str, context: int, threads: int) -> None:
    """Load a file as llama.cpp does by itself, on the processor, and answer until told to end."""
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.n_ctx = context
    params.n_gpu_layers = 0
    params.n_parallel = 1
    params.fit_params = params.warmup = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # noqa: T201  # its result
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

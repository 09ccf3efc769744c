"""llama.cpp's server over one GGUF file, on the processor, at 127.0.0.1.

server.py FILE PORT CONTEXT QUESTIONS     QUESTIONS side by side share the CONTEXT
"""

import os
import signal
import sys

import xllamacpp


def serve(path: str, port: int, context: int, questions: int) -> None:
    """Serve until told to end: no signal ends a container's first process by itself."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.port = port
    params.n_ctx, params.n_parallel = context, questions
    params.n_gpu_layers = 0
    params.fit_params = params.warmup = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    sys.stdout.write(f"serving {path} at {server.listening_address}\n")
    sys.stdout.flush()
    while True:
        signal.pause()


if __name__ == "__main__":
    serve(sys.argv[1], *map(int, sys.argv[2:5]))

"""Runs llama.cpp's own OpenAI-compatible server on a free port of 127.0.0.1.

The parent sends the settings as one line of JSON on standard input, reads one line `{"url": ...}` from standard
output when the model is loaded, and keeps standard input open until the engine is to end.
"""

import json
import os
import signal
import sys
import threading

# Ctrl-C reaches the whole process group, but the parent finishes its answers first and then ends this process.
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)


def end_with_parent():
    """Standard input ends when the parent closes it or ends in any way."""
    sys.stdin.read()
    os._exit(0)


def parameters(xllamacpp, settings):
    params = xllamacpp.CommonParams()
    params.model.path = settings["weights"]
    params.model_alias = {settings["model"]}
    params.api_keys = [settings["apiKey"]]
    params.chat_template = settings["chatTemplate"]
    params.n_ctx = settings["contextTokens"]
    params.n_predict = settings["answerTokensMax"]
    params.n_parallel = 1
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["threads"]
    # Requests that went away are noticed between two batches, so a batch must be short.
    params.n_batch = params.n_ubatch = 128
    # What a request does not set. DRY stops loops of whole phrases, and unlike the common repeat penalty it
    # leaves alone the words of the question, which a right answer repeats.
    params.sampling.temp = 0.2
    params.sampling.dry_multiplier = 0.8
    params.sampling.dry_allowed_length = 4
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_threads_http = 4
    params.cors_origins = ""
    params.ui = params.endpoint_slots = False
    params.offline = True
    params.n_gpu_layers = 0
    params.fit_params = False
    params.cache_ram_mib = 0
    params.verbosity = 1
    return params


def main():
    settings = json.loads(sys.stdin.readline())
    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.path.insert(0, settings["engineFolder"])
    import xllamacpp

    server = xllamacpp.Server(parameters(xllamacpp, settings))
    print(json.dumps({"url": server.listening_address}), flush=True)
    threading.Event().wait()


main()

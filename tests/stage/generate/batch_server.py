"""A real HTTP server that speaks the batch protocol over recorded replies."""

import json
import random
import re
import threading
from collections.abc import Iterable
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from gabarito.demo.recordings import Recording, Recordings

Json = dict[str, Any]


class BatchServer(ThreadingHTTPServer):
    """Ends each batch after ``polls`` looks at it, the first ones as ``fates`` say.

    Of an expired or cancelled one half is answered. Names in ``losing`` are calls whose answer is
    lost once though they were made; ``refused`` is a field that no line may have.
    """

    daemon_threads = True

    def __init__(self, recordings: Iterable[Json], fates: Iterable[str] = ()) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.recordings = Recordings(map(Recording.model_validate, recordings))
        self.fates = list(fates)
        self.files: dict[str, list[Json]] = {}
        self.batches: dict[str, Json] = {}
        self.looks: dict[str, int] = {}
        self.polls = 2
        self.losing: set[str] = set()
        self.pending = 0
        self.refused = ""
        self.asked: list[str] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def store(self, lines: list[Json]) -> str:
        name = f"file-{len(self.files)}"
        self.files[name] = lines
        return name

    def begin(self, request: Json) -> Json:
        name = f"batch_{len(self.batches)}"
        batch = {"id": name, "object": "batch", "status": "validating", **request}
        batch |= {"output_file_id": None, "error_file_id": None, "errors": None}
        batch["request_counts"] = {"total": 0, "completed": 0, "failed": 0}
        self.batches[name] = batch
        return batch

    def look(self, name: str) -> Json:
        batch = self.batches[name]
        self.looks[name] = self.looks.get(name, 0) + 1
        if self.looks[name] == self.polls:
            fate = self.fates.pop(0) if self.fates else "completed"
            status = "FAILED" if fate == "too much" else fate.upper()
            batch |= {"status": status} | self.outcome(batch["input_file_id"], fate)
        elif self.looks[name] < self.polls:
            batch["status"] = "in_progress"
        return batch

    def outcome(self, file: str, fate: str) -> Json:
        lines = self.files[file]
        if fate in ("failed", "too much"):
            code = "token_limit_exceeded" if fate == "too much" else "invalid_json_line"
            problem = {"code": code, "message": "not valid JSON", "line": 3}
            return {"errors": {"object": "list", "data": [problem]}}
        done = lines if fate == "completed" else lines[: len(lines) // 2]
        code = "batch_expired" if fate == "expired" else "batch_cancelled"
        left = [
            {"custom_id": line["custom_id"], "response": None, "error": {"code": code}}
            for line in lines[len(done) :]
        ]
        answered = [self.answered(line) for line in done]
        random.Random(1).shuffle(answered)
        good = [one for one in answered if one["response"]["status_code"] == 200]
        left += [one for one in answered if one["response"]["status_code"] != 200]
        return {
            "output_file_id": self.store(good) if good else None,
            "error_file_id": self.store(left) if left else None,
            "request_counts": {"total": len(lines), "completed": len(good), "failed": len(left)},
        }

    def answered(self, line: Json) -> Json:
        message = line["body"]["messages"][-1]["content"]
        if self.refused and self.refused in line["body"]:
            said = f"Unsupported parameter: {self.refused!r}"
            response = {"status_code": 400, "body": {"error": {"message": said}}}
        else:
            self.asked.append(message)
            reply = self.recordings.reply(message)
            choice = {"message": {"content": reply.text}, "finish_reason": reply.finish_reason}
            usage = {"prompt_tokens": 1000, "completion_tokens": 100}
            response = {"status_code": 200, "body": {"choices": [choice], "usage": usage}}
        return {"custom_id": line["custom_id"], "response": response, "error": None}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: BatchServer

    def do_GET(self) -> None:
        with self.server.lock:
            if self.path.startswith("/v1/batches?"):
                self.send(
                    json.dumps({"object": "list", "data": list(self.server.batches.values())})
                )
            elif self.path.removeprefix("/v1/batches/") in self.server.batches:
                self.send(json.dumps(self.server.look(self.path.rpartition("/")[2])))
            elif found := re.fullmatch(r"/v1/files/([\w-]+)/content", self.path):
                self.send("\n".join(map(json.dumps, self.server.files[found[1]])))
            elif self.path.removeprefix("/v1/files/") in self.server.files:
                self.send(json.dumps({"id": self.path.rpartition("/")[2]}))
            else:
                self.send('{"error": {"message": "no such path"}}', 404)

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            if self.path == "/v1/files":
                self.send(json.dumps({"id": self.server.store(self.lines_of(data))}))
            elif self.path == "/v1/batches" and self.server.pending:
                self.server.pending -= 1
                self.send('{"error": {"message": "the file is in the \'pending\' state"}}', 400)
            elif self.path == "/v1/batches":
                request = json.loads(data)
                if request["input_file_id"] in self.server.files:
                    self.send(json.dumps(self.server.begin(request)))
                else:
                    self.send('{"error": {"message": "no such File object"}}', 400)
            elif self.path == "/v1/chat/completions":
                line = {"custom_id": "", "body": json.loads(data)}
                self.send(json.dumps(self.server.answered(line)["response"]["body"]))

    def lines_of(self, data: bytes) -> list[Json]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = cast("list[Message]", BytesParser().parsebytes(head + data).get_payload())
        fields = {part.get_param("name", header="content-disposition"): part for part in parts}
        assert fields["purpose"].get_payload() == "batch"
        file = fields["file"].get_payload(decode=True)
        assert isinstance(file, bytes)
        requests = [json.loads(line) for line in file.decode().splitlines()]
        assert all(one["url"] == "/v1/chat/completions" for one in requests)
        assert len({one["custom_id"] for one in requests}) == len(requests)
        return requests

    def send(self, text: str, status: int = 200) -> None:
        if self.path in self.server.losing:
            self.server.losing.remove(self.path)
            self.close_connection = True
            return
        data = text.encode()
        is_made = status == 200 and self.path in ("/v1/files", "/v1/batches")
        self.send_response(201 if is_made else status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: object) -> None:
        pass

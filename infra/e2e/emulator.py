"""AWS on this machine: starts the emulator, deploys what `sam build` made, and stands in for the public address.

Everything listens on loopback only, on free ports, and keeps its files in one temporary directory that goes away with it.
"""

import contextlib
import hashlib
import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import boto3
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-east-1"
STACK = "apikassa"
OPERATOR_TOKEN = "operator-token-of-the-emulator-run"
MAIL_FROM = "pay@apikassa.test"

# What template.yaml has no default for.
PARAMETERS = {
    "Architecture": "x86_64",
    "MailFrom": MAIL_FROM,
    "AgentName": "ООО «Апикасса»",
    "AgentInn": "7701234560",
    "AgentAddress": "101000, Москва, улица Мясницкая, дом 1",
    "PayerAccount": "40702810600000000001",
    "PayerBic": "044525902",
    "PayerBank": "АО «Второй тестовый банк»",
    "PayerCorrespondent": "30101810600000000902",
    "SupportEmail": "help@apikassa.test",
    "SupportPhone": "+74950000000",
    "OperatorTokenSha256": hashlib.sha256(OPERATOR_TOKEN.encode()).hexdigest(),
    "AllowPrivateHosts": "true",
}


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulator:
    """One ministack process. `environment` is what a client (boto3, the SAM command line) needs to reach it."""

    def __init__(self, enforce_policies):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="apikassa-e2e-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = self.directory / "emulator.log"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
        }
        state = self.directory / "state"
        temporary = self.directory / "tmp"
        for folder in (state, temporary):
            folder.mkdir()
        self.process = subprocess.Popen(
            [str(pathlib.Path(sys.executable).with_name("ministack"))],
            env={
                **self.environment,
                "GATEWAY_PORT": str(self.port),
                "BIND_HOST": "127.0.0.1",
                "MINISTACK_HOST": "localhost",
                "LAMBDA_EXECUTOR": "local",
                "AUTH": "true" if enforce_policies else "false",
                "STATE_DIR": str(state),
                "S3_DATA_DIR": str(state / "s3"),
                "TMPDIR": str(temporary),
            },
            cwd=self.directory,
            stdout=self.log_path.open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._await_health()

    def _await_health(self):
        for _ in range(200):
            if self.process.poll() is not None:
                raise SystemExit(f"the emulator ended by itself:\n{self.log_path.read_text()[-4000:]}")
            with contextlib.suppress(OSError, urllib.error.URLError):
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2)
                return
            time.sleep(0.1)
        raise SystemExit("the emulator did not become healthy in 20 seconds")

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )

    def look(self, what):
        """What the emulator shows of itself, for example `ses/messages`."""
        with urllib.request.urlopen(f"{self.url}/_ministack/{what}", timeout=10) as answer:
            return json.load(answer)

    def log_tail(self, lines=80):
        """The last lines that say anything: without what the functions log of a quiet life, and its headings."""
        told = self.log_path.read_text(errors="replace").splitlines()
        return "\n".join([line for line in told if '"level":"INFO"' not in line and not line.endswith(" output:")][-lines:])

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class CloudFormation(yaml.SafeLoader):
    """YAML with CloudFormation's short tags written out: `!Ref x` → {"Ref": "x"}."""


def written_out(loader, suffix, node):
    value = getattr(loader, f"construct_{node.id}")(node, *([] if node.id == "scalar" else [True]))
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


CloudFormation.add_multi_constructor("!", written_out)


def statements(node):
    """Every statement of every policy."""
    if isinstance(node, dict):
        if "Effect" in node and "Action" in node:
            yield node
        for value in node.values():
            yield from statements(value)
    elif isinstance(node, list):
        for value in node:
            yield from statements(value)


def adapted(template):
    """The built template, with two permissions said otherwise for the emulator, which

    - knows neither `ses:FromAddress` nor the identity a letter is sent from, and would deny every letter: who sends a letter is still
      checked, and that the sender is verified;
    - asks for a permission `sqs:SendMessageBatch`, which AWS does not have: there `sqs:SendMessage` allows both.
    """
    template = pathlib.Path(template).resolve()
    content = yaml.load(template.read_text(), CloudFormation)
    widened = 0
    for statement in statements(content):
        if "ses:FromAddress" in json.dumps(statement.get("Condition", {})):
            del statement["Condition"]
            statement["Resource"] = "*"
            widened += 1
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if "sqs:SendMessage" in actions:
            statement["Action"] = [*actions, "sqs:SendMessageBatch"]
    if widened != 1:
        raise SystemExit(f"one function should be tied to one sender by ses:FromAddress; found {widened}")
    beside = template.with_name("template.emulator.json")  # its paths are relative
    beside.write_text(json.dumps(content, ensure_ascii=False, default=str))
    return beside


def deploy(emulator, sam, template, base_url, overrides):
    """`sam deploy` of a built template, with nothing changed but the endpoint. Returns the stack's outputs."""
    emulator.client("ses").verify_email_identity(EmailAddress=MAIL_FROM)
    emulator.client("s3").create_bucket(Bucket="artifacts")
    parameters = {**PARAMETERS, "BaseUrl": base_url, **overrides}
    config = emulator.directory / "samconfig.toml"
    pairs = ", ".join(json.dumps(f'{name}="{value}"', ensure_ascii=False) for name, value in parameters.items())
    config.write_text(f"version = 0.1\n[default.deploy.parameters]\nparameter_overrides = [{pairs}]\n")
    command = [
        sam, "deploy", "--template-file", str(adapted(template)), "--config-file", str(config), "--stack-name", STACK,
        "--s3-bucket", "artifacts", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar", "--region", REGION,
    ]  # fmt: skip
    done = subprocess.run(command, env=emulator.environment, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"sam deploy failed:\n{done.stdout[-6000:]}\n{done.stderr[-4000:]}\n{emulator.log_tail()}")
    stack = emulator.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


class PublicAddress:
    """A reverse proxy: plain curl and a browser call `http://127.0.0.1:PORT`; the emulator wants to see the API's own host name.

    It adds what the real HTTP API adds and the emulator leaves out (`x-forwarded-*`).
    """

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = None

    def open(self, emulator, api_id):
        host = f"{api_id}.execute-api.localhost:{emulator.port}"
        public_port = str(self.port)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length) if length else None
                skipped = ("host", "connection", "transfer-encoding", "expect")
                headers = {k: v for k, v in self.headers.items() if k.lower() not in skipped}
                headers |= {
                    "Host": host,
                    "X-Forwarded-For": self.client_address[0],
                    "X-Forwarded-Proto": "http",
                    "X-Forwarded-Port": public_port,
                }
                upstream = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=60)
                try:
                    upstream.request(self.command, self.path, body, headers)
                    answer = upstream.getresponse()
                    data = answer.read()
                except OSError as error:
                    self.send_error(502, f"emulator: {error}")
                    return
                finally:
                    upstream.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                        self.send_header(name, value)
                if answer.status not in (204, 304):
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = pass_on

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()

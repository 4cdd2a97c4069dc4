#!/usr/bin/env python3
"""How much a function costs to start: instructions until its first signed TLS request, and the size of its zip.

    sam build --parameter-overrides Architecture=x86_64 && infra/bench/cold_start.py

Each bootstrap runs under callgrind, alone, against two stand-ins on loopback: a Lambda Runtime API that hands out one event, and a
TLS server in DynamoDB's place, with a chain of three RSA-2048 certificates as AWS has it. The server reads the first signed request and
never answers; what was counted until then is the figure. Instructions repeat within a per mille from run to run, seconds do not.

It needs of a function: AWS_LAMBDA_RUNTIME_API and AWS_ENDPOINT_URL are obeyed, and the certificates in SSL_CERT_FILE are trusted
(beside those that are built in).
"""

import argparse
import contextlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOAL_INSTRUCTIONS = 25_000_000
GOAL_ZIP_BYTES = 3_000_000

# One event per door that makes it look into the table; everything else is fed by its queue or its schedule.
DOORS = {
    "checkout": ("GET", "/c/ord_test_00000000000000000000000000"),
    "partner-api": ("GET", "/v1/orders/ord_test_00000000000000000000000000"),
    "bank-callback": ("POST", "/callbacks/bank/sandbox"),
    "till-callback": ("POST", "/callbacks/till/sandbox"),
    "fulfilment-callback": ("POST", "/callbacks/execution/sandbox"),
    "sandbox": ("GET", "/sandbox/bank/pay/00000000000000000000000000"),
}
CLOCKS = ("deadlines",)


def event(name):
    if name in DOORS:
        method, path = DOORS[name]
        return {
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
            "headers": {"host": "api.localhost", "content-type": "application/json", "authorization": "Bearer sk_test_none"},
            "requestContext": {
                "accountId": "000000000000", "apiId": "bench", "domainName": "api.localhost", "domainPrefix": "api",
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench"},
                "requestId": "bench", "routeKey": "$default", "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1767225600000,
            },
            "body": "{}", "isBase64Encoded": False,
        }  # fmt: skip
    if name in CLOCKS:
        return {"version": "0", "id": "bench", "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": "000000000000",
                "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [], "detail": {}}  # fmt: skip
    return {"Records": [{
        "messageId": "00000000-0000-0000-0000-000000000000", "receiptHandle": "bench", "body": "{}", "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{name}", "awsRegion": "us-east-1",
    }]}  # fmt: skip


def certificates(directory):
    """Root, intermediate, leaf. Returns the root, and the server's chain with its key."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    def key(name):
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", f"{name}.key")

    for name in ("root", "middle", "leaf"):
        key(name)
    (directory / "ca.ext").write_text("basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n")
    (directory / "leaf.ext").write_text("basicConstraints=CA:false\nsubjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
    openssl("req", "-new", "-x509", "-key", "root.key", "-subj", "/CN=bench root", "-days", "7", "-out", "root.pem")
    for name, issuer, extensions in (("middle", "root", "ca.ext"), ("leaf", "middle", "leaf.ext")):
        openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/CN=bench {name}", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-CAcreateserial", "-days", "7",
                "-extfile", extensions, "-out", f"{name}.pem")  # fmt: skip
    chain = directory / "chain.pem"
    chain.write_text((directory / "leaf.pem").read_text() + (directory / "middle.pem").read_text())
    return directory / "root.pem", chain, directory / "leaf.key"


class Loopback(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_):  # a killed client is how every run ends
        pass


class Rig:
    """The two stand-ins, made anew for each function."""

    def __init__(self, name, chain, key):
        self.signed = threading.Event()  # the first signed TLS request has arrived whole
        self.failure = None
        self.over = threading.Event()
        rig, taken = self, threading.Lock()

        class RuntimeApi(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if not taken.acquire(blocking=False):
                    rig.over.wait()
                    return
                body = json.dumps(event(name)).encode()
                self.send_response(200)
                for header, value in {
                    "Lambda-Runtime-Aws-Request-Id": "00000000-0000-0000-0000-000000000000",
                    "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 600_000),
                    "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
                    "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000",
                    "Content-Type": "application/json",
                    "Content-Length": str(len(body)),
                }.items():
                    self.send_header(header, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                answer = self.rfile.read(int(self.headers.get("content-length") or 0)).decode(errors="replace")
                rig.failure = f"answered without a signed request: {self.path.rsplit('/', 1)[-1]} {answer[:300]}"
                rig.over.set()

            def log_message(self, *_):
                pass

        class Aws(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                if "AWS4-HMAC-SHA256" in (self.headers.get("authorization") or ""):
                    rig.signed.set()
                    rig.over.set()
                threading.Event().wait(60)  # never answers

            do_GET = do_PUT = do_POST

            def log_message(self, *_):
                pass

        self.runtime_api = Loopback(("127.0.0.1", 0), RuntimeApi)
        self.aws = Loopback(("127.0.0.1", 0), Aws)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(chain, key)
        self.aws.socket = tls.wrap_socket(self.aws.socket, server_side=True, do_handshake_on_connect=False)
        for server in (self.runtime_api, self.aws):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self):
        self.over.set()
        for server in (self.runtime_api, self.aws):
            server.shutdown()
            server.server_close()


def instructions(name, bootstrap, directory, root, chain, key, keep):
    rig = Rig(name, chain, key)
    profile = (keep or directory) / f"callgrind.{name}"
    profile.unlink(missing_ok=True)
    queues = ("BANK_OPERATION", "RECEIPT", "NOTIFICATION", "WEBHOOK", "FULFILMENT", "SANDBOX")
    endpoint = f"https://localhost:{rig.aws.server_port}"
    process = subprocess.Popen(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", "--combine-dumps=yes", str(bootstrap)],
        env={
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{rig.runtime_api.server_port}",
            "AWS_ENDPOINT_URL": endpoint,
            "SSL_CERT_FILE": str(root),
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "_HANDLER": "bootstrap",
            "RUST_LOG": "info",
            "STAGE": "test",
            "TABLE_NAME": "bench",
            "BASE_URL": "https://pay.example.com",
            "MASTER_SECRET": "m" * 64,
            "MAIL_FROM": "pay@example.com",
            "SMS_SENDER": "Apikassa",
            "AGENT_NAME": "agent",
            "AGENT_INN": "7701234567",
            "AGENT_ADDRESS": "address",
            "AGENT_TAXATION": "osn",
            "SUPPORT_EMAIL": "help@example.com",
            "SUPPORT_PHONE": "+74950000000",
            "OPERATOR_TOKEN_SHA256": "0" * 64,
            "ALLOW_PRIVATE_HOSTS": "false",
            **{f"QUEUE_{queue}_URL": f"{endpoint}/000000000000/bench" for queue in queues},
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    told = []
    reader = threading.Thread(target=lambda: told.append(process.stdout.read().decode(errors="replace")), daemon=True)
    reader.start()
    deadline = time.monotonic() + 180
    while not rig.over.wait(0.2) and process.poll() is None and time.monotonic() < deadline:
        pass
    # Give the writing thread the instructions it still owes after its last byte; then nothing runs until the answer that never comes.
    time.sleep(0.5)
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    reader.join(5)
    rig.close()
    if not rig.signed.is_set():
        return None, rig.failure or "no signed request:\n" + "".join(told)[-1500:]
    totals = re.findall(r"^(?:totals|summary): (\d+)", profile.read_text(), re.M) if profile.exists() else []
    if not totals:
        return None, "callgrind wrote no profile:\n" + "".join(told)[-1500:]
    return max(map(int, totals)), None


def zip_size(bootstrap, directory):
    archive = directory / "function.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:  # as the SAM command line packs it
        out.write(bootstrap, "bootstrap")
    return archive.stat().st_size


def bootstraps(build):
    """Function name → bootstrap, from `sam build` (logical ids) or from `cargo lambda build` (crate names)."""
    found = {}
    for path in sorted(build.glob("*/bootstrap")):
        name = path.parent.name
        if name != name.lower():
            name = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
        found[name] = path
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / ".aws-sam/build", help="a folder of <function>/bootstrap")
    parser.add_argument("--json", action="store_true", help="figures only, for scripts")
    parser.add_argument("--keep", type=pathlib.Path, metavar="DIR", help="keep the profiles here, for callgrind_annotate")
    parser.add_argument("functions", nargs="*", help="only these")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        parser.error("valgrind is not installed")
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)

    found = bootstraps(options.build)
    chosen = {name: path for name, path in found.items() if not options.functions or name in options.functions}
    if not chosen:
        parser.error(f"nothing built in {options.build}; have {', '.join(found) or 'nothing'}")
    rows, failed = [], False
    with tempfile.TemporaryDirectory(prefix="apikassa-bench-") as temporary:
        directory = pathlib.Path(temporary)
        root, chain, key = certificates(directory)
        if not options.json:
            print(f"{'function':<22}{'instructions to the first':>27}{'zip':>12}")
            print(f"{'':<22}{'signed TLS request':>27}{'':>12}")
        for name, path in chosen.items():
            count, why = instructions(name, path, directory, root, chain, key, options.keep)
            size = zip_size(path, directory)
            failed |= count is None
            rows.append({"function": name, "instructions": count, "zip_bytes": size, "failure": why})
            if not options.json:
                shown = f"{count / 1e6:.1f} M" if count else "failed"
                over = "  over the goal" if (count or 0) > GOAL_INSTRUCTIONS or size > GOAL_ZIP_BYTES else ""
                print(f"{name:<22}{shown:>27}{size / 1e6:>9.2f} MB{over}" + (f"\n    {why}" if why else ""), flush=True)
    if options.json:
        print(json.dumps({"goal_instructions": GOAL_INSTRUCTIONS, "goal_zip_bytes": GOAL_ZIP_BYTES, "functions": rows}, indent=2))
    else:
        print(f"{'goal':<22}{GOAL_INSTRUCTIONS / 1e6:>25.1f} M{GOAL_ZIP_BYTES / 1e6:>9.2f} MB")
    sys.exit(1 if failed else 0)


main()

#!/usr/bin/env python3
"""What functions cost: instructions until the first signed TLS request and size of the zip, each; instructions of a warm callback.

    sam build --parameter-overrides Architecture=x86_64 && infra/bench/cold_start.py

Each bootstrap runs under callgrind, alone, against two stand-ins on loopback: a Lambda Runtime API that hands out one event, and a
TLS server in DynamoDB's place, with a chain of three RSA-2048 certificates as AWS has it. The server reads the first signed request and
never answers; what was counted until then is the figure. Instructions repeat within a per mille from run to run, seconds do not.

Then `bank-callback` gets signed callbacks of the sandbox bank, one in a first run and 21 in a second; a twentieth of the difference is
what one costs when the function is warm: once a callback that captures a payment (a query, a conditional write, a batch to each of the
queues), once one that was applied before (two queries). The table's rows come from callback_rows.json, which
`UPDATE=1 cargo test -p bank-callback --test bench_rows` writes, and the same test holds to the code.

It needs of a function: AWS_LAMBDA_RUNTIME_API and AWS_ENDPOINT_URL are obeyed, and the certificates in SSL_CERT_FILE are trusted
(beside those that are built in).
"""

import argparse
import concurrent.futures
import contextlib
import datetime
import hashlib
import hmac
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
ROWS = pathlib.Path(__file__).with_name("callback_rows.json")
GOAL_INSTRUCTIONS = 25_000_000
GOAL_ZIP_BYTES = 3_000_000
MASTER_SECRET = "m" * 64
WARM_CALLS = 20

# One event per door that makes it look into the table; everything else is fed by its queue or its schedule.
DOORS = {
    "checkout": ("GET", "/c/ord_test_00000000000000000000000000"),
    "partner-api": ("GET", "/v1/orders/ord_test_00000000000000000000000000"),
    "documents": ("GET", "/v1/reports/2026-11/act.pdf"),
    "bank-callback": ("POST", "/callbacks/bank/sandbox"),
    "till-callback": ("POST", "/callbacks/till/sandbox"),
    "fulfilment-callback": ("POST", "/callbacks/execution/sandbox"),
    "sandbox": ("GET", "/sandbox/bank/pay/00000000000000000000000000"),
}
CLOCKS = ("deadlines",)


def http_event(method, path, headers, body):
    """As the HTTP API sends it, with the headers it adds."""
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"host": "api.localhost", "content-type": "application/json", "content-length": str(len(body)), "user-agent": "bench",
                    "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000", "x-forwarded-for": "127.0.0.1", "x-forwarded-port": "443",
                    "x-forwarded-proto": "https", **headers},
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "domainName": "api.localhost", "domainPrefix": "api",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench"},
            "requestId": "bench", "routeKey": "$default", "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1767225600000,
        },
        "body": body, "isBase64Encoded": False,
    }  # fmt: skip


def event(name):
    if name in DOORS:
        return http_event(*DOORS[name], {"authorization": "Bearer none"}, "{}")
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
    """The two stand-ins, made anew for each run."""

    def __init__(self, name, events, answer, chain, key):
        """`answer` gets what is asked of AWS, (service, operation, headers, body), and gives back JSON, or None for no answer ever."""
        self.signed = threading.Event()  # the first signed TLS request has arrived whole
        self.failure = None
        self.answered = []  # what the function made of the events
        self.over = threading.Event()
        self.events = list(events)
        rig, taking = self, threading.Lock()

        class RuntimeApi(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                with taking:
                    given = rig.events.pop(0) if rig.events else None
                if given is None:
                    if answer:
                        rig.over.set()
                    rig.over.wait()
                    threading.Event().wait(60)
                    return
                body = json.dumps(given()).encode()
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
                told = self.rfile.read(int(self.headers.get("content-length") or 0)).decode(errors="replace")
                rig.answered.append(told)
                if answer:
                    self.send_response(202)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                else:
                    rig.failure = f"answered without a signed request: {self.path.rsplit('/', 1)[-1]} {told[:300]}"
                    rig.over.set()

            def log_message(self, *_):
                pass

        class Aws(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                asked = self.rfile.read(int(self.headers.get("content-length") or 0))
                if "AWS4-HMAC-SHA256" in (self.headers.get("authorization") or ""):
                    rig.signed.set()
                if answer is None:
                    rig.over.set()
                    threading.Event().wait(60)
                    return
                target = self.headers.get("x-amz-target") or ""
                body = json.dumps(answer(target.rsplit(".", 1)[-1], json.loads(asked))).encode()
                self.send_response(200)
                self.send_header("Content-Type", self.headers.get("content-type") or "application/json")
                self.send_header("x-amzn-RequestId", "bench")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

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


def environment(name, rig, root):
    queues = ("BANK_OPERATION", "RECEIPT", "NOTIFICATION", "WEBHOOK", "FULFILMENT", "EXCHANGE", "SANDBOX")
    endpoint = f"https://localhost:{rig.aws.server_port}"
    return {
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
        "MASTER_SECRET": MASTER_SECRET,
        "MAIL_FROM": "pay@example.com",
        "SMS_SENDER": "Apikassa",
        "AGENT_NAME": "agent",
        "AGENT_INN": "7701234560",
        "AGENT_ADDRESS": "address",
        "AGENT_TAXATION": "osn",
        "PAYER_ACCOUNT": "40702810900000000009",
        "PAYER_BIC": "044525974",
        "PAYER_BANK": "bank",
        "PAYER_CORRESPONDENT": "30101810145250000974",
        "SUPPORT_EMAIL": "help@example.com",
        "SUPPORT_PHONE": "+74950000000",
        "OPERATOR_TOKEN_SHA256": "0" * 64,
        "ALLOW_PRIVATE_HOSTS": "false",
        **{f"QUEUE_{queue}_URL": f"{endpoint}/000000000000/bench" for queue in queues},
    }


def counted(name, bootstrap, rig, profile, root):
    """Runs until the rig is over; instructions, or why there are none."""
    profile.unlink(missing_ok=True)
    process = subprocess.Popen(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", "--combine-dumps=yes", str(bootstrap)],
        env=environment(name, rig, root),
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


def cold(name, bootstrap, profiles, tls):
    root, chain, key = tls
    rig = Rig(name, [lambda: event(name)], None, chain, key)
    return counted(name, bootstrap, rig, profiles / f"callgrind.{name}", root)


def stored(rows, offset_seconds, tenant):
    """The table, as far as a callback asks it: nothing that is written stays."""

    def answer(operation, asked):
        if operation == "GetItem":
            key = (asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"])
            if key == (f"S#{tenant}#clock", "clock"):  # the test partner's clock stands where the rows were made
                return {"Item": {"pk": {"S": key[0]}, "sk": {"S": key[1]}, "v": {"N": "1"}, "b": {"S": str(offset_seconds)}}}
            found = [row for row in rows if (row["pk"]["S"], row["sk"]["S"]) == key]
            return {"Item": found[0]} if found else {}
        if operation == "Query":
            values = asked["ExpressionAttributeValues"]
            prefix = values.get(":prefix", {"S": ""})["S"]
            found = [row for row in rows if row["pk"] == values[":pk"] and row["sk"]["S"].startswith(prefix)]
            return {"Items": found, "Count": len(found), "ScannedCount": len(found)}
        if operation == "SendMessageBatch":
            taken = [
                {"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": hashlib.md5(entry["MessageBody"].encode()).hexdigest()}
                for entry in asked["Entries"]
            ]
            return {"Successful": taken, "Failed": []}
        if operation == "PutItem":
            return {}
        raise ValueError(operation)

    return answer


def warm(bootstrap, state, profiles, tls):
    """Instructions of one callback among many. `state`: before (the payment is captured) or after (it was)."""
    root, chain, key = tls
    told = json.loads(ROWS.read_text())
    made = datetime.datetime.fromisoformat(told["now"].replace("Z", "+00:00")).timestamp() + 60
    secret = hmac.new(MASTER_SECRET.encode(), f"bank\n{told['tenant']}".encode(), hashlib.sha256).digest()

    def callback():
        at = str(int(time.time()))
        code = hmac.new(secret, f"{at}.{told['body']}".encode(), hashlib.sha256).hexdigest()
        return http_event("POST", told["path"], {"x-signature": f"t={at},v1={code}"}, told["body"])

    counts = []
    for calls in (1, 1 + WARM_CALLS):
        answer = stored(told[state], int(made - time.time()), told["tenant"])
        rig = Rig("bank-callback", [callback] * calls, answer, chain, key)
        count, why = counted("bank-callback", bootstrap, rig, profiles / f"callgrind.warm-{state}-{calls}", root)
        statuses = [json.loads(answered).get("statusCode") for answered in rig.answered]
        if count is None or statuses != [200] * calls:
            return None, why or f"{statuses} {rig.answered[:1]}"
        counts.append(count)
    return (counts[1] - counts[0]) // WARM_CALLS, None


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


def millions(count):
    return f"{count / 1e6:.1f} M" if count else "failed"


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
    rows, warmed, failed = [], [], False
    with tempfile.TemporaryDirectory(prefix="apikassa-bench-") as temporary:
        directory = pathlib.Path(temporary)
        tls = certificates(directory)
        profiles = options.keep or directory
        if not options.json:
            print(f"{'function':<22}{'instructions to the first':>27}{'zip':>12}")
            print(f"{'':<22}{'signed TLS request':>27}{'':>12}")
        # Two at a time: a count does not depend on who else computes.
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            starts = {name: pool.submit(cold, name, path, profiles, tls) for name, path in chosen.items()}
            callbacks = {
                state: pool.submit(warm, chosen["bank-callback"], state, profiles, tls)
                for state in ("before", "after") if "bank-callback" in chosen
            }  # fmt: skip
            for name, path in chosen.items():
                count, why = starts[name].result()
                size = zip_size(path, directory)
                failed |= count is None
                rows.append({"function": name, "instructions": count, "zip_bytes": size, "failure": why})
                if not options.json:
                    over = "  over the goal" if (count or 0) > GOAL_INSTRUCTIONS or size > GOAL_ZIP_BYTES else ""
                    print(f"{name:<22}{millions(count):>27}{size / 1e6:>9.2f} MB{over}" + (f"\n    {why}" if why else ""), flush=True)
            if not options.json:
                print(f"{'goal':<22}{millions(GOAL_INSTRUCTIONS):>27}{GOAL_ZIP_BYTES / 1e6:>9.2f} MB")
            for state, what in (("before", "captures a payment"), ("after", "was applied before")):
                if state not in callbacks:
                    continue
                count, why = callbacks[state].result()
                failed |= count is None
                warmed.append({"callback": what, "instructions": count, "failure": why})
                if not options.json:
                    print(f"a warm callback that {what:<20}{millions(count):>10}" + (f"\n    {why}" if why else ""), flush=True)
    if options.json:
        print(json.dumps({"goal_instructions": GOAL_INSTRUCTIONS, "goal_zip_bytes": GOAL_ZIP_BYTES, "functions": rows, "warm": warmed}, indent=2))
    sys.exit(1 if failed else 0)


main()

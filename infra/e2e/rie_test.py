#!/usr/bin/env python3
"""One HTTP function under the Runtime Interface Emulator that the SAM command line ships: an API Gateway event in, a page out.

    sam build --parameter-overrides Architecture=x86_64 && infra/e2e/rie_test.py

Asserts that the built bootstrap speaks Lambda's own protocol as AWS's own emulator speaks it, without anything of ours in between.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def shipped_emulator():
    """`samcli/local/rapid/aws-lambda-rie-x86_64`, beside the `sam` that is in PATH."""
    sam = os.environ.get("SAM") or shutil.which("sam")
    if not sam:
        raise SystemExit("sam is not in PATH")
    python = pathlib.Path(sam).resolve().with_name("python")
    found = subprocess.run([python, "-c", "import samcli; print(samcli.__path__[0])"], check=True, capture_output=True, text=True)
    rie = pathlib.Path(found.stdout.strip()) / "local/rapid/aws-lambda-rie-x86_64"
    if not rie.exists():
        raise SystemExit(f"no {rie.name} in this SAM")
    return rie


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def event(method, path):
    return {
        "version": "2.0", "routeKey": f"{method} /legal/{{proxy+}}", "rawPath": path, "rawQueryString": "",
        "headers": {"host": "pay.example.com", "accept": "text/html", "accept-language": "ru", "user-agent": "rie-test"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "pay.example.com", "domainPrefix": "pay",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "rie-test"},
            "requestId": "rie", "routeKey": f"{method} /legal/{{proxy+}}", "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1767225600000,
        },
        "isBase64Encoded": False,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap", type=pathlib.Path, default=ROOT / ".aws-sam/build/Checkout/bootstrap")
    parser.add_argument("--path", default="/legal/terms", help="a page that needs no table")
    parser.add_argument("--expect", default="<html", help="the page holds this")
    options = parser.parse_args()

    invoke, runtime, extensions = free_port(), free_port(), free_port()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="apikassa-rie-"))
    rie = directory / "aws-lambda-rie"
    shutil.copyfile(shipped_emulator(), rie)
    rie.chmod(0o755)
    log = directory / "rie.log"
    process = subprocess.Popen(
        # Without both addresses it listens on every interface.
        [str(rie), "--runtime-interface-emulator-address", f"127.0.0.1:{invoke}", "--runtime-api-address", f"127.0.0.1:{runtime}", str(options.bootstrap.resolve())],
        env={
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_FUNCTION_NAME": "checkout", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "25", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            # Nobody listens there: the page asked for needs no table, and a start that insists on one would be a fault.
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{extensions}",
            "STAGE": "test", "TABLE_NAME": "none", "BASE_URL": "https://pay.example.com", "MASTER_SECRET": "m" * 64, "RUST_LOG": "info",
            "MAIL_FROM": "pay@example.com", "SMS_SENDER": "Apikassa", "OPERATOR_TOKEN_SHA256": "0" * 64, "ALLOW_PRIVATE_HOSTS": "false",
            "AGENT_NAME": "ООО «Апикасса»", "AGENT_INN": "7701234560", "AGENT_ADDRESS": "101000, Москва", "AGENT_TAXATION": "osn", "SUPPORT_EMAIL": "help@example.com",
            "SUPPORT_PHONE": "+74950000000",
            **{f"QUEUE_{queue}_URL": f"http://127.0.0.1:{extensions}/000000000000/none"
               for queue in ("BANK_OPERATION", "RECEIPT", "NOTIFICATION", "WEBHOOK", "FULFILMENT", "SANDBOX")},
        },
        stdout=log.open("wb"), stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(("127.0.0.1", invoke), 1)):
                break
            time.sleep(0.1)
        answers = []
        for path in (options.path, options.path):  # the second call is a warm one
            request = urllib.request.Request(
                f"http://127.0.0.1:{invoke}/2015-03-31/functions/function/invocations", json.dumps(event("GET", path)).encode()
            )
            answers.append(json.load(urllib.request.urlopen(request, timeout=30)))
        for answer in answers:
            text = json.dumps(answer, ensure_ascii=False)
            assert answer.get("statusCode") == 200, text[:2000]
            assert answer.get("isBase64Encoded") in (False, None), text[:300]
            assert options.expect in answer["body"], text[:2000]
        print(f"checkout under the Runtime Interface Emulator: {options.path} answered 200 twice, {len(answers[0]['body'].encode())} bytes")
    except (AssertionError, OSError, urllib.error.URLError) as error:
        print(f"{type(error).__name__}: {error}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        sys.exit(1)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(directory, ignore_errors=True)


main()

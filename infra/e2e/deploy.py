#!/usr/bin/env python3
"""Deploys the built functions of template.yaml to the emulator, runs a command against them, and takes everything down again.

    sam build --parameter-overrides Architecture=x86_64
    infra/e2e/deploy.py -- tests/curl/run

The command finds in its environment:
    APIKASSA_URL             the public address; BASE_URL of every function
    APIKASSA_OPERATOR_TOKEN  the operator's token
    APIKASSA_MAIL_URL        letters as the emulator's SES took them (JSON)
    APIKASSA_SMS_URL         messages as the emulator's SNS took them (JSON)
    AWS_ENDPOINT_URL, AWS_*  the emulator itself, for any AWS client
    TABLE_NAME, DEADLINES    names of the table and of the function that the schedule calls
The exit code is the command's; where it is 0, the queues must come to rest without a dead letter, and with --audit the books of the table
must hold. With --enforce-policies the emulator refuses what the template's policies do not allow.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # a test leaves nothing beside the sources
import emulator as aws  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--template", default=str(aws.ROOT / ".aws-sam/build/template.yaml"), help="what sam build wrote")
    parser.add_argument("--sam", default=os.environ.get("SAM") or shutil.which("sam"), help="the SAM command line")
    parser.add_argument("--enforce-policies", action="store_true", help="check every call against the template's policies")
    parser.add_argument("--tick", type=float, metavar="SECONDS", help="call the deadlines function this often, beside its schedule")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="another template parameter")
    parser.add_argument("--audit", metavar="PROGRAM", help="the apikassa program, to audit the table afterwards")
    parser.add_argument("--logs", metavar="FILE", help="keep the emulator's log here")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    if not options.sam:
        parser.error("sam is not in PATH; name it with --sam")

    started = time.monotonic()
    emulator = aws.Emulator(options.enforce_policies)
    public = aws.PublicAddress()
    over = threading.Event()
    code = 1
    try:
        outputs = aws.deploy(emulator, options.sam, options.template, public.url, dict(p.split("=", 1) for p in options.parameter))
        public.open(emulator, outputs["ApiId"])
        print(f"deployed to the emulator in {time.monotonic() - started:.1f} s: {public.url}", flush=True)
        if options.tick:
            threading.Thread(target=tick, args=(emulator, outputs["DeadlinesName"], options.tick, over), daemon=True).start()
        code = subprocess.run(
            options.command,
            env={
                **emulator.environment,
                "APIKASSA_URL": public.url,
                "APIKASSA_OPERATOR_TOKEN": aws.OPERATOR_TOKEN,
                "APIKASSA_MAIL_URL": f"{emulator.url}/_ministack/ses/messages",
                "APIKASSA_SMS_URL": f"{emulator.url}/_ministack/sns/sms-messages",
                "TABLE_NAME": outputs["TableName"],
                "DEADLINES": outputs["DeadlinesName"],
            },
        ).returncode
        if code == 0:
            code = at_rest(emulator) or audited(emulator, options.audit, outputs["TableName"])
        if code != 0:
            print(f"ended with {code}; the emulator's last words:\n{emulator.log_tail()}", file=sys.stderr)
    finally:
        over.set()
        public.close()
        if options.logs:
            shutil.copyfile(emulator.log_path, options.logs)
        emulator.stop()
    sys.exit(code)


def at_rest(emulator, seconds_max=90):
    """Waits until no worker has anything to do. 0 when that came to be, and nothing was given up on the way."""
    calls = emulator.client("sqs")
    deadline = time.monotonic() + seconds_max
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    while True:
        waiting = {}
        for url in calls.list_queues()["QueueUrls"]:
            attributes = calls.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            waiting[url.rsplit("/", 1)[-1]] = sum(int(attributes[name]) for name in names)
        dead = {name: count for name, count in waiting.items() if count and name.endswith("-dead-letters")}
        if dead:
            print(f"dead letters: {dead}", file=sys.stderr)
            return 1
        if not any(waiting.values()):
            print("the queues are empty, no dead letters", flush=True)
            return 0
        if time.monotonic() > deadline:
            print(f"still waiting after {seconds_max} s: { {n: c for n, c in waiting.items() if c} }", file=sys.stderr)
            return 1
        time.sleep(0.5)


def audited(emulator, program, table):
    if not program:
        return 0
    return subprocess.run([program, "audit", "--table", table], env=emulator.environment).returncode


def tick(emulator, function, seconds, over):
    """The schedule's own period is a minute; a test has no minute to spare."""
    calls = emulator.client("lambda")
    while not over.wait(seconds):
        answer = calls.invoke(FunctionName=function, Payload=json.dumps({"source": "aws.scheduler"}).encode())
        if "FunctionError" in answer:
            print(f"deadlines failed: {answer['Payload'].read().decode()[:500]}", file=sys.stderr)


main()

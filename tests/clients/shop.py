"""A shop at a running stack, and its buyer: what the journeys by bank and by register have in common."""

import http.cookiejar
import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from html import unescape

SECONDS_MAX = 20  # what has not happened by then never does


class Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are answers to be looked at."""

    def redirect_request(self, *_):
        return None


def hidden(page):
    found = {}
    for field in re.findall(r"<input[^>]*type=\"?hidden[^>]*>", page):
        name = re.search(r'name="?([^"\s>]+)', field)
        value = re.search(r'value="([^"]*)"', field) or re.search(r"value=([^\s>]+)", field)
        if name:
            found[name.group(1)] = unescape(value.group(1)) if value else ""
    return found


class Shop:
    """One partner's key at a stack. `name` begins the numbers of the orders; `say` is told each thing that holds."""

    def __init__(self, url, key, name, say=print):
        self.url, self.key, self.name, self.say = url.rstrip("/"), key, name, say
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(Stay, jar)

    def call(self, method, path, body=None, form=None, key=None, seconds=30):
        url = path if path.startswith("http") else self.url + path
        headers, data = {}, None
        if form is None:
            headers["authorization"] = f"Bearer {key or self.key}"
            if body is not None:
                headers["content-type"], data = "application/json", json.dumps(body).encode()
        else:
            headers["content-type"], data = "application/x-www-form-urlencoded", urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with self.browser.open(request, timeout=seconds) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode()

    def api(self, method, path, body=None, status=200, key=None):
        code, _, text = self.call(method, path, body, key=key)
        if code != status:
            sys.exit(f"NOT {self.name}: {method} {path}: {code} {text}")
        return json.loads(text) if text else None

    def check(self, name, holds, found=None):
        if not holds:
            sys.exit(f"NOT {self.name}: {name}: {json.dumps(found, ensure_ascii=False, default=str)[:4000]}")
        self.say(f"ok  {name}")

    def order(self, **wish):
        lines = [
            {"name": "Чай", "price": "300.00", "quantity": "2", "subject": "goods"},
            {"name": "Доставка", "price": "400.00"},
        ]
        number = f"{self.name}-{uuid.uuid4().hex[:12]}"
        body = {"number": number, "lines": lines, "buyer": {"email": "buyer@example.com"}, "channels": ["email"],
                "scenario": {"execution": "manual"}, **wish}
        return self.api("POST", "/v1/orders", body, 201)

    def read(self, made):
        return self.api("GET", f"/v1/orders/{made['id']}")

    def wait(self, name, made, holds, nudge=None):
        """Waits until the order is as wished; the workers have their own time. `nudge` is called between the looks."""
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            seen = self.read(made)
            if holds(seen):
                self.say(f"ok  {name}")
                return seen
            if time.monotonic() > deadline:
                sys.exit(f"NOT {self.name}: {name}: {json.dumps(seen, ensure_ascii=False)[:6000]}")
            if nudge is not None:
                nudge()
            time.sleep(0.1)

    def agree(self, made, **chosen):
        """Presses the button of the checkout page; answers where the buyer is sent."""
        code, _, page = self.call("GET", made["checkout_url"], form=None)
        self.check("the checkout page is shown", code == 200, page)
        form = {**hidden(page), "consent_personal_data": "on", "consent_terms": "on", **chosen}
        code, headers, text = self.call("POST", made["checkout_url"] + "/pay", form=form)
        if code != 303:
            sys.exit(f"NOT {self.name}: sent on to pay: {code} {re.sub(r'<[^>]+>', ' ', text)[:1500]}")
        return urllib.parse.urljoin(self.url, headers["location"])

    def at_bank(self, page, card):
        """Chooses a test card on the bank's page; the vendor's own page may lead there first."""
        for _ in range(4):
            code, headers, text = self.call("GET", page)
            if code not in (301, 302, 303, 307):
                break
            page = urllib.parse.urljoin(page, headers["location"])
        self.check("the bank's page is shown", code == 200, {"page": page, "code": code, "text": text[:500]})
        action = re.search(r'<form[^>]*action="([^"]+)"', text)
        target = urllib.parse.urljoin(page, unescape(action.group(1))) if action else page
        code, headers, text = self.call("POST", target, form={**hidden(text), "card": card})
        self.check(f"the card «{card}» is taken", code == 303, {"code": code, "text": text[:500]})
        back = urllib.parse.urljoin(page, headers["location"])
        if "/c/" in back:
            self.call("GET", back)
        return back

#!/usr/bin/env python3
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for custom providers: the examples for other vendors' authorities,
# each with an authority that answers in that vendor's documented shape, and
# with the hostile twin of each answer.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
from harness import *  # noqa: E402
from harness.example import Example, example  # noqa: E402
from harness.example import no_warnings, statuses  # noqa: E402


class Vendor:
    """The authority of one vendor and an nginx that asks it."""

    def __init__(self, name, text, host, *replacements, prefix=""):
        self.name = name
        self.prefix = prefix
        self.count = 0
        self.authority = Authority()
        self.nginx = Example(
            self.authority, text,
            (rf"https://{host}",
             f"http://127.0.0.1:{self.authority.plain}"),
            *(replace(self.authority) for replace in replacements))
        no_warnings(self.nginx)

    def token(self, text=None, **members):
        self.count += 1
        text = text or self.prefix + f"{self.count:04d}aZ" * 5
        return self.authority.token(token=text, vendor=self.name, set=members)

    def unknown(self):
        token = self.token()
        self.authority.call("POST", "tokens", [{"token": token.token,
                                                "vendor": "nobody"}])
        return token

    def spoiled(self, **answer):
        """Whatever is asked from now on is answered so."""
        self.authority.rules({"answer": answer})

    def check(self, cases):
        statuses(self.nginx, [(status, f"{self.name}: {name}",
                               dict(bearer=token))
                              for status, name, token in cases])

    def is_asked(self, name, wanted, good):
        got, = [request for request in self.authority.log()
                if good.token in str(request)]
        for key, value in wanted.items():
            if key.startswith("header:"):
                is_(request_header(got, key[7:]), value, f"{name}: {key}")
            else:
                is_(got[key], value, f"{name}: {key}")


def request_header(request, name):
    for key, value in request["headers"]:
        if key.lower() == name:
            return value
    return None


def backend_id(vendor):
    return vendor.nginx.backend()[-1].get("x-token-id")


def file(path, attribute):
    return lambda authority: (path, getattr(authority, attribute))


def hostile(vendor, make):
    """What no vendor may say about a good token."""
    cases = (("an HTML page", dict(status=200, body="<html></html>",
                                   headers=["Content-Type: text/html"])),
             ("a list", dict(body=[])),
             ("an empty object", dict(body={})),
             ("an empty object in another",
              dict(body={"data": {}, "token": {}})),
             ("maintenance", dict(body={"status": "maintenance",
                                        "message": "try later"})),
             ("a maintenance page", dict(status=200, body={
                 "id": "m1", "name": "maintenance", "scopes": []})),
             ("a redirect", dict(status=302, body={})),
             ("a failure", dict(status=500, body={})),
             ("too many requests", dict(status=429, body={})))
    for name, answer in cases:
        vendor.spoiled(**answer)
        vendor.check([(503, name, make())])
        vendor.authority.rules()


@test
def gitlab():
    vendor = Vendor("gitlab", example("gitlab.conf"),
                    r"gitlab\.example\.com", prefix="glpat-")
    good = vendor.token()
    vendor.check((
        (200, "a good token", good),
        (200, "a token of one day more", vendor.token(
            expires_at="2099-01-31")),
        (401, "a token past its day", vendor.token(expires_at="2021-01-31")),
        (401, "a revoked token", vendor.token(revoked=True)),
        (401, "an inactive token", vendor.token(active=False)),
        (401, "an unknown token", vendor.unknown()),
        (503, "active of another type", vendor.token(active="true")),
        (503, "no word of active", vendor.token(active=None)),
        (503, "a time where a day stands",
         vendor.token(expires_at="2099-01-31T00:00:00Z")),
        (503, "scopes of another type", vendor.token(scopes=[1]))))
    is_(backend_id(vendor), "4", "the id, a number")
    vendor.is_asked("gitlab", {
        "method": "GET", "path": "/api/v4/personal_access_tokens/self",
        "header:private-token": good.token, "header:authorization": None},
        good)
    vendor.authority.clear()
    vendor.check([(401, "another vendor's token",
                   vendor.token(text="gho_" + "a" * 36))])
    is_(vendor.authority.counts()["requests"], 0, "which was not looked up")
    hostile(vendor, vendor.token)


@test
def github():
    vendor = Vendor("github", example("github.conf"), r"api\.github\.com",
                    lambda authority: ("CLIENT_ID", "nginx"),
                    file(r"/etc/nginx/github\.secret", "client_secret"),
                    prefix="gho_")
    good = vendor.token()
    vendor.check((
        (200, "a good token", good),
        (200, "a token that ends", vendor.token(
            expires_at="2099-01-01T00:00:00Z")),
        (401, "an expired token", vendor.token(
            expires_at="2020-01-01T00:00:00Z")),
        (401, "an unknown token", vendor.unknown()),
        (503, "an answer about another token",
         vendor.token(token="gho_" + "b" * 36)),
        (503, "an end of another type", vendor.token(expires_at=True))))
    is_(backend_id(vendor), "1", "the id")
    vendor.is_asked("github", {
        "method": "POST", "path": "/applications/nginx/token",
        "body": '{"access_token": "%s"}' % good.token}, good)
    hostile(vendor, vendor.token)
    vendor.check([(503, "no word of the token", vendor.token(token=None))])
    vendor.spoiled(status=401, body={"message": "Bad credentials"})
    vendor.check([(503, "our credential was refused", vendor.token())])


@test
def vercel():
    vendor = Vendor("vercel", example("vercel.conf"), r"api\.vercel\.com")
    good = vendor.token()
    vendor.check((
        (200, "a good token", good),
        (200, "one without an end", vendor.token(expiresAt=None)),
        (401, "an expired token", vendor.token(expiresAt=1632816536002)),
        (401, "an unknown token", vendor.unknown()),
        (503, "an end as text",
         vendor.token(expiresAt="2099-01-01T00:00:00Z"))))
    vendor.check([(503, "no id", vendor.token(id=None)),
                  (503, "an empty id", vendor.token(id="")),
                  (503, "no name", vendor.token(name=None))])
    vendor.is_asked("vercel", {
        "path": "/v5/user/tokens/current",
        "header:authorization": "Bearer " + good.token}, good)
    hostile(vendor, vendor.token)
    vendor.spoiled(status=403, body={"blocked": "by a firewall"})
    vendor.check([(503, "a refusal of another form", vendor.token())])


@test
def fastly():
    vendor = Vendor("fastly", example("fastly.conf"), r"api\.fastly\.com")
    good = vendor.token()
    vendor.check((
        (200, "a good token", good),
        (200, "one without an end", vendor.token(expires_at=None)),
        (200, "deleted_at null", vendor.token(deleted_at=None)),
        (401, "a deleted token", vendor.token(
            deleted_at="2020-01-01T00:00:00Z")),
        (401, "an expired token", vendor.token(
            expires_at="2020-07-28T19:24:50+00:00")),
        (401, "an unknown token", vendor.unknown()),
        (503, "an end of another form",
         vendor.token(expires_at="2099-07-28"))))
    vendor.check([(503, "no id", vendor.token(id=None)),
                  (503, "no scope", vendor.token(scope=None))])
    vendor.is_asked("fastly", {
        "path": "/tokens/self", "header:fastly-key": good.token,
        "header:authorization": None}, good)
    hostile(vendor, vendor.token)


@test
def linode():
    vendor = Vendor("linode", example("linode.conf"), r"api\.linode\.com",
                    file(r"/etc/nginx/linode\.token", "credential"))
    good = vendor.token("123")
    vendor.check((
        (200, "a good id", good),
        (401, "an expired token", vendor.token(
            "124", expiry="2018-01-01T13:46:32")),
        (401, "an unknown id", good.__class__("99", "x")),
        (503, "an answer about another id", vendor.token("126", id=127)),
        (503, "no id", vendor.token("128", id=None)),
        (503, "an end with a zone", vendor.token(
            "129", expiry="2099-01-01T13:46:32Z"))))
    is_(vendor.authority.log()[0]["path"], "/v4/profile/tokens/123", "path")
    vendor.authority.forbidden = []        # ids are no secrets
    vendor.authority.clear()
    for text in ("self", "..", "1.2", "123abc", "0123", "12%2f3"):
        token = good.__class__(text, "x")
        ok(vendor.nginx.ask(bearer=token).status in (400, 401),
           f"linode: {text} is no id")
    is_(vendor.authority.counts()["requests"], 0, "none was looked up")


@test
def consul():
    vendor = Vendor("consul", example("consul.conf"),
                    r"consul\.example\.com:8501")
    good = vendor.token()
    vendor.check((
        (200, "a good token", good),
        (200, "one that ends", vendor.token(
            ExpirationTime="2099-10-24T12:25:06.921933-04:00")),
        (401, "an expired token", vendor.token(
            ExpirationTime="2018-10-24T12:25:06.921933-04:00")),
        (401, "an unknown token", vendor.unknown()),
        (503, "an answer about another token",
         vendor.token(SecretID="somebody else's")),
        (503, "no word of the token", vendor.token(SecretID=None)),
        (503, "no accessor", vendor.token(AccessorID=None)),
        (503, "policies of another type",
         vendor.token(Policies=[{"Name": 1}]))))
    is_(backend_id(vendor), "6a1253d2-1785-24fd-91c2-f8e78c745511",
        "the accessor is the id")
    vendor.is_asked("consul", {
        "path": "/v1/acl/token/self", "header:x-consul-token": good.token},
        good)
    hostile(vendor, vendor.token)


@test
def vault():
    vendor = Vendor("vault", example("vault.conf"),
                    r"vault\.example\.com:8200",
                    file(r"/etc/nginx/vault\.token", "credential"),
                    prefix="hvs.")
    good = vendor.token()
    vendor.check((
        (200, "a good token", good),
        (200, "a token that never expires",
         vendor.token(expire_time=None, ttl=0)),
        (200, "bound to this address",
         vendor.token(bound_cidrs=["10.0.0.1", "127.0.0.1/8"])),
        (200, "bound to no address in particular",
         vendor.token(bound_cidrs=[])),
        (403, "bound to another address",
         vendor.token(bound_cidrs=["10.177.148.216"])),
        (401, "an expired token", vendor.token(
            expire_time="2018-05-19T11:35:54.466476215-04:00")),
        (401, "an unknown token", vendor.unknown()),
        (503, "an answer about another token",
         vendor.token(id="hvs.another")),
        (503, "no word of the token", vendor.token(id=None)),
        (503, "an address list of another type",
         vendor.token(bound_cidrs="127.0.0.1")),
        (503, "an entry that is none",
         vendor.token(bound_cidrs=["127.0.0.1", "here"]))))
    is_(backend_id(vendor), "8609694a-cdbc-db9b-d345-e782dbb562ed",
        "the accessor is the id")
    vendor.is_asked("vault", {
        "method": "POST", "path": "/v1/auth/token/lookup",
        "body": '{"token":"%s"}' % good.token}, good)
    hostile(vendor, vendor.token)
    vendor.spoiled(status=403, body={"errors": ["permission denied"]})
    vendor.check([(503, "our credential was refused", vendor.token())])


if not module_built():
    plan_skip_all("the module is not built")
run()

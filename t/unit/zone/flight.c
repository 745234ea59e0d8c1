/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * One look-up per token: who leads, who waits, who takes over, and which
 * answer is kept when a purge or another leader came between.
 */


#include <sys/wait.h>

#include "zone.h"


static zone_t            *zone;
static auth_token_str_t   record;


static int
land(zone_flight_t *f)
{
    return (int) ngx_http_auth_token_flight_land_record(f, record, NULL, 1,
                                                        zone_now,
                                                        &zone_waiters);
}


static void
test_coalesce(void)
{
    int            i, waits;
    zone_key_t     key;
    zone_flight_t  f, g;

    key = zone_key(zone, 1);
    f = zone_flight(zone, key);
    g = zone_flight(zone, key);

    is_int(zone_take(&f), ZONE_LEAD, "the first one leads");

    for (waits = 0, i = 0; i < 999; i++) {
        shim_self.workers = (uint64_t) 1 << (i % 4);
        waits += (zone_take(&g) == ZONE_WAIT);
    }

    is_int(waits, 999, "all others wait");
    is_int((long long) zone->sh->marks.count, 1, "one mark");

    is_int(land(&f), NGX_OK, "it lands");
    is_int((long long) zone_waiters.workers, 15, "four workers are to wake");
    is_int((long long) zone->sh->marks.count, 0, "no mark is left");
    is_int(zone_take(&g), ZONE_READY, "who comes then finds the answer");

    is_int(land(&f), NGX_DECLINED, "landing twice changes nothing");
    is_int((long long) zone_waiters.workers, 0, "and wakes nobody");

    /* waiters of an old and of a new configuration */

    key = zone_key(zone, 2);
    f = zone_flight(zone, key);
    g = zone_flight(zone, key);
    zone_take(&f);
    shim_self.workers = 2;
    zone_take(&g);
    shim_self.generation = 2;
    shim_self.workers = 4;
    zone_take(&g);
    land(&f);
    is_int((long long) zone_waiters.workers, 4,
           "bits of two configurations are not mixed");
    is_int((long long) zone_waiters.generation, 2, "the last one counts");
    shim_self.workers = 1;
}


static void
test_takeover(void)
{
    pid_t          pid;
    zone_key_t     key;
    zone_flight_t  f, g, h;

    key = zone_key(zone, 10);
    f = zone_flight(zone, key);
    g = zone_flight(zone, key);
    h = zone_flight(zone, key);

    zone_take(&f);
    is_int(zone_take(&g), ZONE_WAIT, "somebody waits");

    zone_now += ZONE_MS - 1;
    is_int(zone_take(&g), ZONE_WAIT, "until the deadline");
    zone_now += 1;
    is_int(zone_take(&g), ZONE_LEAD, "then he leads");
    is_int(zone_take(&h), ZONE_WAIT, "and others wait for him");

    is_int(land(&f), NGX_DECLINED, "an answer that comes too late is not kept");
    is_int(zone_state(zone, key), ZONE_MISS, "so nothing is there");

    is_int(land(&g), NGX_OK, "his is");
    is_int((long long) zone_waiters.workers, 1, "those who waited for the "
           "first one are woken");
    is_int(zone_state(zone, key), ZONE_HIT, "and it is there");

    /* an owner who died */

    key = zone_key(zone, 11);
    f = zone_flight(zone, key);
    g = zone_flight(zone, key);

    pid = fork();

    if (pid == 0) {
        ngx_pid = getpid();
        _exit(zone_take(&f) == ZONE_LEAD ? 0 : 1);
    }

    waitpid(pid, NULL, 0);

    is_int(zone_take(&g), ZONE_WAIT, "a young mark is trusted");
    zone_now += 99;
    is_int(zone_take(&g), ZONE_WAIT, "up to 100 ms");
    zone_now += 1;
    is_int(zone_take(&g), ZONE_LEAD, "then its dead owner is noticed");
    is_int(land(&g), NGX_OK, "and the answer is kept");

    /* one who lives, and only takes his time */

    key = zone_key(zone, 13);
    f = zone_flight(zone, key);
    g = zone_flight(zone, key);
    ngx_pid = getppid();
    zone_take(&f);
    ngx_pid = getpid();
    zone_now += 100;
    is_int(zone_take(&g), ZONE_WAIT, "an owner who lives is waited for");
    is_int(land(&f), NGX_OK, "and his answer is kept");

    /* a clock that went back must not leave the mark for ever */

    key = zone_key(zone, 12);
    f = zone_flight(zone, key);
    g = zone_flight(zone, key);
    zone_take(&f);
    zone_now -= 7200000;
    is_int(zone_take(&g), ZONE_LEAD, "a mark from the future is no mark");
    land(&g);
    zone_now += 7200000;
}


static void
test_purge(void)
{
    zone_key_t     key, link, other;
    zone_flight_t  f, g;

    key = zone_key(zone, 20);
    link = zone_key_of(zone, 0, 1, 20);
    other = zone_key(zone, 21);

    f = zone_flight(zone, key);
    zone_take(&f);
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &key, 0);

    g = zone_flight(zone, key);
    is_int(zone_take(&g), ZONE_LEAD, "after a purge nobody waits for what "
           "started before");
    is_int(land(&f), NGX_DECLINED, "a look-up from before is not kept");
    is_int(zone_state(zone, key), ZONE_MISS, "so nothing is there");
    is_int(land(&g), NGX_OK, "one from after is");
    is_int(zone_state(zone, key), ZONE_HIT, "and is there");

    f = zone_flight(zone, other);
    zone_take(&f);
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_LINK, &link, 0);
    is_int(ngx_http_auth_token_flight_land_record(&f, record, &link, 1,
                                                  zone_now, &zone_waiters),
           NGX_DECLINED, "a purge by id ends a look-up whose answer names it");
    is_int(zone_state(zone, other), ZONE_MISS, "so nothing is there");

    f = zone_flight(zone, other);
    zone_take(&f);
    is_int(ngx_http_auth_token_flight_land_record(&f, record, &link, 1,
                                                  zone_now, &zone_waiters),
           NGX_OK, "the next one is kept");

    f = zone_flight(zone, zone_key(zone, 22));
    zone_take(&f);
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_SLOT, NULL, 1);
    is_int(land(&f), NGX_OK, "the purge of another provider is nothing to it");

    f = zone_flight(zone, zone_key(zone, 23));
    zone_take(&f);
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_SLOT, NULL, 0);
    is_int(land(&f), NGX_DECLINED, "the purge of its own ends it");

    f = zone_flight(zone, zone_key(zone, 24));
    zone_take(&f);
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_ALL, NULL, 0);
    is_int(ngx_http_auth_token_flight_land_refusal(&f, zone_now,
                                                   &zone_waiters),
           NGX_DECLINED, "a purge of all ends a refusal under way too");
    is_int((long long) zone->sh->negatives.count, 0, "it is not kept");
}


static void
test_failure(void)
{
    zone_key_t     key;
    zone_query_t   q;
    zone_flight_t  f;

    key = zone_key(zone, 30);
    f = zone_flight(zone, key);

    zone_take(&f);
    ngx_http_auth_token_flight_land_failure(&f, NULL, 1, 0, zone_now,
                                            &zone_waiters);
    q = zone_query(zone, key, 1);
    is_int(q.state, ZONE_FAILED, "a failure is remembered");
    is_int((long long) q.retry_after, 1, "for a second");
    is_int(zone_take(&f), ZONE_READY, "nobody asks again");

    zone_now += 999;
    is_int(zone_state(zone, key), ZONE_FAILED, "for all of it");
    zone_now += 1;
    is_int(zone_state(zone, key), ZONE_MISS, "then it is forgotten");

    is_int(zone_take(&f), ZONE_LEAD, "asked again");
    is_int(land(&f), NGX_OK, "with an answer");
    is_int(zone_state(zone, key), ZONE_HIT, "that counts");

    zone_now += 60000;
    zone_take(&f);
    ngx_http_auth_token_flight_land_failure(&f, NULL, 1, 40, zone_now,
                                            &zone_waiters);
    q = zone_query(zone, key, 1);
    is_int(q.state, ZONE_FAILED, "the authority wants a pause");
    is_int((long long) q.retry_after, 40, "and how long is told");

    f = zone_flight(zone, zone_key(zone, 31));
    is_int(zone_take(&f), ZONE_REFUSED, "no other token is looked up");
    is_int((long long) zone_retry_after, 40, "for as long");
    zone_now += 39001;
    is_int(zone_take(&f), ZONE_REFUSED, "until it is over");
    is_int((long long) zone_retry_after, 1, "rounded up");
    zone_now += 999;
    is_int(zone_take(&f), ZONE_LEAD, "then one is");
    ok(f.probe, "to see");
    is_int(land(&f), NGX_OK, "it answers");
    ok(zone->sh->slots[0].closed_until == 0, "so all goes on");
}


/* what an authority says of itself, and what we did not ask it */

static void
test_faults(void)
{
    zone_key_t                   key;
    zone_flight_t                f;
    ngx_http_auth_token_slot_t  *slot;
    ngx_http_auth_token_limit_t  limit;

    memset(&limit, 0, sizeof(limit));

    slot = &zone->sh->slots[0];

    key = zone_key(zone, 70);
    f = zone_flight(zone, key);
    zone_take(&f);
    is_int(ngx_http_auth_token_flight_land_failure(&f, &limit, ZONE_BUSY, 0,
                                                   zone_now, &zone_waiters),
           NGX_OK, "the authority is busy");
    is_int(zone_state(zone, key), ZONE_FAILED, "which is remembered");
    is_int((long long) f.closed, 0, "without a breaker it goes on");

    key = zone_key(zone, 71);
    f = zone_flight(zone, key);
    zone_take(&f);
    is_int(ngx_http_auth_token_flight_land_failure(&f, &limit,
               NGX_HTTP_AUTH_TOKEN_FAULT_NONE, 3, zone_now, &zone_waiters),
           NGX_OK, "an answer that wants a pause");
    is_int((long long) f.closed, 3, "it has it");
    zone_now += 3000;

    key = zone_key(zone, 72);
    f = zone_flight(zone, key);
    zone_take(&f);
    is_int(ngx_http_auth_token_flight_land_failure(&f, &limit,
               NGX_HTTP_AUTH_TOKEN_FAULT_OURS, 0, zone_now, &zone_waiters),
           NGX_OK, "what was not asked");
    is_int(zone_state(zone, key), ZONE_MISS, "has not failed");

    f = zone_flight(zone, key);
    zone_take(&f);
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &key, 0);
    is_int(ngx_http_auth_token_flight_land_failure(&f, &limit, ZONE_FAULT, 0,
                                                   zone_now, &zone_waiters),
           NGX_DECLINED, "a failure from before a purge");
    is_int(zone_state(zone, key), ZONE_MISS, "is not kept");

    f = zone_flight(zone, key);
    zone_take(&f);
    ngx_http_auth_token_flight_observe(&f, NULL, 1, 9, zone_now);
    ngx_http_auth_token_flight_observe(&f, &limit, 1, 9, zone_now);
    ok(slot->closed_until <= zone_now && slot->floor == 0,
       "a budget that nobody keeps");
    ngx_http_auth_token_flight_observe(&f, &limit, 0, 9, zone_now);
    ok(slot->closed_until == zone_now + 9000, "one that is spent");
    slot->closed_until = 0;

    /* of one millisecond, the answer that denies is the later one */

    is_int(land(&f), NGX_OK, "let in");
    is_int(ngx_http_auth_token_flight_land_record(&f, record, NULL, 0,
                                                  zone_now, &zone_waiters),
           NGX_OK, "and denied at once");
    ok(!zone_query(zone, key, 1).hits[0].allowed, "it stays denied");
    is_int(land(&f), NGX_DECLINED, "whatever comes then");
}


/* takes what strangers may have of a budget of 20, which is then half full */

static int
flood(void)
{
    int            i, taken;
    zone_flight_t  f;

    zone->sh->slots[0].excess = 0;

    for (taken = 0, i = 0; i < 20; i++) {
        f = zone_flight(zone, zone_key(zone, 40000 + i));

        if (zone_take(&f) == ZONE_LEAD) {
            taken++;
            ngx_http_auth_token_flight_land_refusal(&f, zone_now,
                                                    &zone_waiters);
        }
    }

    zone_now += zone_lives.negative;

    return taken;
}


static void
test_known(void)
{
    zone_key_t                   key, denied, half, whole, link;
    zone_flight_t                f;
    ngx_http_auth_token_limit_t  limit;

    memset(&limit, 0, sizeof(limit));
    limit.rate = 1;
    limit.burst = 20000;

    key = zone_key(zone, 50);
    denied = zone_key(zone, 51);

    is_int(zone_put(zone, key, record, NULL, 1), NGX_OK, "one is let in");
    is_int(zone_put(zone, denied, record, NULL, 0), NGX_OK, "one is not");

    half = zone_key(zone, 60);
    whole = zone_key(zone, 61);
    link = zone_key_of(zone, 0, 1, 60);
    is_int(zone_put(zone, half, record, &link, 1), NGX_OK, "one had a start");
    link = zone_key_of(zone, 0, 1, 61);
    is_int(zone_put(zone, whole, record, &link, 1), NGX_OK, "one more");
    is_int(zone_put(zone, link, record, NULL, 1), NGX_OK, "and the rest");

    zone_limit = &limit;
    zone_now += zone_lives.valid;

    is_int(zone_state(zone, key), ZONE_MISS, "that was long ago");

    is_int(flood(), 10, "strangers take half of the budget");

    f = zone_flight(zone, denied);
    is_int(zone_take(&f), ZONE_REFUSED, "who was not let in is one of them");

    f = zone_flight(zone, key);
    is_int(zone_take(&f), ZONE_LEAD, "who was is not");

    ngx_http_auth_token_flight_land_failure(&f, &limit, ZONE_FAULT, 0,
                                            zone_now, &zone_waiters);
    zone_now += zone_lives.failure;
    is_int(zone_take(&f), ZONE_LEAD, "nor after the authority has failed");
    land(&f);

    f = zone_flight(zone, zone_key_of(zone, 0, 1, 50));
    is_int(zone_take(&f), ZONE_REFUSED, "a first step");
    f.step = 1;
    is_int(zone_take(&f), ZONE_LEAD, "is not a second one");
    ngx_http_auth_token_flight_land_failure(&f, &limit, ZONE_FAULT, 0,
                                            zone_now, &zone_waiters);
    zone_now += zone_lives.failure;
    is_int(zone_take(&f), ZONE_REFUSED, "but once that has failed");

    f = zone_flight(zone, half);
    is_int(zone_take(&f), ZONE_REFUSED,
           "a first answer is not enough if one must follow");
    f.last = 1;
    is_int(zone_take(&f), ZONE_LEAD, "it is, if none does");
    land(&f);
    f = zone_flight(zone, whole);
    is_int(zone_take(&f), ZONE_LEAD, "with the one that followed it is known");
    land(&f);

    zone_now += zone_lives.valid;
    f = zone_flight(zone, key);
    f.slot = 1;
    zone->sh->slots[1] = zone->sh->slots[0];
    is_int(zone_take(&f), ZONE_REFUSED, "another provider does not know it");
    memset(&zone->sh->slots[1], 0, sizeof(zone->sh->slots[1]));

    f = zone_flight(zone, key);
    is_int(zone_take(&f), ZONE_LEAD, "asked again");
    ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters);
    zone_now += zone_lives.negative;
    is_int(zone_take(&f), ZONE_REFUSED, "a stranger since it was refused");

    zone_limit = NULL;
}


static void
test_marks(void)
{
    int            i, n, leads;
    zone_key_t     key;
    zone_flight_t  f, g;

    n = (int) zone->sh->nmarks;

    for (leads = 0, i = 0; i < n * 2; i++) {
        f = zone_flight(zone, zone_key(zone, 1000 + i));
        leads += (zone_take(&f) == ZONE_LEAD);
    }

    is_int(leads, n * 2, "a full table of marks stops no look-up");
    is_int((long long) zone->sh->marks.count, n, "it is full");
    ok(f.nonce == 0, "the last one has no mark");

    is_int(land(&f), NGX_OK, "and is kept all the same");
    is_int(zone_state(zone, f.key), ZONE_HIT, "for others");

    is_int(land(&f), NGX_DECLINED, "but not over one that came meanwhile");

    /* nor over a refusal */

    key = zone_key(zone, 999000);
    f = zone_flight(zone, key);
    g = zone_flight(zone, key);
    is_int(zone_take(&f) == ZONE_LEAD && zone_take(&g) == ZONE_LEAD, 1,
           "without marks two may look up one token");
    ok(f.nonce == 0 && g.nonce == 0, "as is so");
    ngx_http_auth_token_flight_land_refusal(&g, zone_now, &zone_waiters);
    is_int(land(&f), NGX_DECLINED, "a record does not undo a later refusal");
    is_int(zone_state(zone, key), ZONE_UNKNOWN, "which stays");

    /* marks left behind make room */

    zone_now += ZONE_MS;

    for (i = 0; i < n; i++) {
        f = zone_flight(zone, zone_key(zone, 100000 + i));
        zone_take(&f);
        leads += (f.nonce != 0);
    }

    is_int(leads, n * 3, "marks left behind make room for new ones");
    zone_ok(zone, "with all marks in use");
}


int
main(void)
{
    zone = zone_new(1 << 20);
    record = zone_record(60, 0);

    test_coalesce();
    test_takeover();
    test_purge();
    test_failure();
    test_faults();
    test_known();
    test_marks();

    zone_ok(zone, "in the end");

    return done();
}

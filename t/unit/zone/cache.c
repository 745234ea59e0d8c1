/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * How long an answer is used: lives, refresh and stale, the chain of steps,
 * rule 3 where the record lies, and clocks that jump.
 */


#include "cloudflare.h"


static zone_t  *zone;


static void
test_lives(void)
{
    zone_key_t        key;
    auth_token_str_t  r;

    r = zone_record(60, 0);
    key = zone_key(zone, 1);

    is_int(zone_state(zone, key), ZONE_MISS, "nothing there");

    is_int(zone_put(zone, key, r, NULL, 1), NGX_OK, "stored");
    is_int(zone_state(zone, key), ZONE_HIT, "hit at once");

    zone_now += 59999;
    is_int(zone_state(zone, key), ZONE_HIT, "hit in the last ms of its life");
    zone_now += 1;
    is_int(zone_state(zone, key), ZONE_MISS, "miss when its life is over");

    key = zone_key(zone, 2);

    is_int(zone_put(zone, key, r, NULL, 0), NGX_OK, "one that denies stored");
    zone_now += 9999;
    is_int(zone_state(zone, key), ZONE_HIT, "used for the negative life");
    zone_now += 1;
    is_int(zone_state(zone, key), ZONE_MISS, "and no longer");

    is_int(zone_put(zone, key, r, NULL, 1), NGX_OK, "looked up again");
    is_int(zone_state(zone, key), ZONE_HIT, "and found");
    ok(!zone_query(zone, key, 1).hits[0].refresh, "no refresh unless asked");
}


static void
test_copy(void)
{
    zone_key_t        key;
    zone_query_t      q;
    auth_token_str_t  r;

    /* more than a worker copies: it is judged where it lies */
    r = zone_record(65000, 200);
    key = zone_key(zone, 3);

    is_int(zone_put(zone, key, r, NULL, 1), NGX_OK, "a large record stored");

    q = zone_query(zone, key, 1);

    is_int(q.state, ZONE_HIT, "and found");
    is_mem(q.hits[0].record, q.hits[0].record->head, r.data,
           ((auth_token_record_t *) r.data)->head, "its head is copied");
    ok(q.hits[0].record->head < r.len, "its lists are not");
    is_int(q.hits[0].address, AUTH_TOKEN_ADDRESS_ADMITTED, "admits 10.0.0.1");

    zone_addr.bytes[3] = 200;
    is_int(zone_query(zone, key, 1).hits[0].address,
           AUTH_TOKEN_ADDRESS_REFUSED, "but not 10.0.0.200");
    zone_addr.bytes[3] = 1;

    zone_addr.family = 0;
    is_int(zone_query(zone, key, 1).hits[0].address,
           AUTH_TOKEN_ADDRESS_REFUSED, "and nobody without an address");
    zone_addr.family = 4;

    /* the process's copy grows in the middle of a chain */

    zone_pool.used = sizeof(zone_pool.data) - 64;
    memset(&q, 0, sizeof(q));
    q.zone = zone;
    q.lives = &zone_lives;
    q.nsteps = 1;
    q.addr = &zone_addr;
    q.now = zone_now;
    q.pool = &zone_pool;
    q.key = key;
    is_int(ngx_http_auth_token_cache_query(&q), NGX_ERROR, "no memory: error");
    is_int((long long) q.nhits, 0, "and nothing to judge");
    is_int(q.state, ZONE_MISS, "and no hit");
}


/* what is packed in the zone comes out as it was */

static void
test_packed(void)
{
    int                           n, same;
    zone_key_t                    key;
    zone_query_t                  q;
    auth_token_str_t              r;
    ngx_http_auth_token_entry_t  *e;

    for (same = 0, n = 0; n < 200; n++) {
        r = cloudflare_record(n, n % 2, (size_t) n % 7);
        key = zone_key(zone, 2000 + n);

        zone_put(zone, key, r, NULL, 1);
        q = zone_query(zone, key, 1);

        same += (memcmp(q.hits[0].record, r.data,
                        ((auth_token_record_t *) r.data)->head) == 0
                 && q.hits[0].address == AUTH_TOKEN_ADDRESS_ADMITTED);
    }

    is_int(same, 200, "packed records");

    r = zone_record(2000, 3);
    zone_put(zone, zone_key(zone, 2500), r, NULL, 1);
    q = zone_query(zone, zone_key(zone, 2500), 1);
    is_mem(q.hits[0].record, q.hits[0].record->head, r.data,
           ((auth_token_record_t *) r.data)->head, "one too large to pack");

    key = zone_key(zone, 2600);
    zone_put(zone, key, cloudflare_record(1, 1, 0), NULL, 1);
    e = ngx_http_auth_token_index_find(&zone->sh->entries, &key);
    ((u_char *) &e[1])[sizeof(auth_token_record_t)] = 0xff;
    q = zone_query(zone, key, 1);
    is_int((int) q.state, -1, "a damaged one: error");
    is_int((long long) q.nhits, 0, "and nothing to judge");
}


static void
test_chain(void)
{
    zone_key_t        key, other, link;
    zone_query_t      q;
    auth_token_str_t  r, details;

    r = zone_record(60, 0);
    details = zone_record(9000, 4);
    key = zone_key(zone, 10);
    other = zone_key(zone, 11);
    link = zone_key_of(zone, 0, 1, 10);

    zone_put(zone, key, r, &link, 1);

    q = zone_query(zone, key, 2);
    is_int(q.state, ZONE_MISS, "one step of two: miss");
    is_int((long long) q.nhits, 1, "with what is there");
    ok(ngx_http_auth_token_key_equal(&q.key, &link), "the second is missing");

    zone_put(zone, link, details, NULL, 1);

    q = zone_query(zone, key, 2);
    is_int(q.state, ZONE_HIT, "both steps: hit");
    is_int((long long) q.nhits, 2, "two records");
    is_mem(q.hits[1].record, q.hits[1].record->head, details.data,
           ((auth_token_record_t *) details.data)->head, "the right one");

    q = zone_query(zone, other, 2);
    is_int((long long) q.nhits, 0, "another token: nothing");

    q = zone_query(zone, key, 0);
    ok(q.state == ZONE_MISS && q.nhits == 0, "no step, no hit");

    zone_put(zone, other, r, &link, 1);
    is_int(zone_query(zone, other, 2).state, ZONE_HIT,
           "two tokens of one id share its details");

    key = zone_key(zone, 12);
    zone_put(zone, key, r, NULL, 0);
    q = zone_query(zone, key, 2);
    is_int(q.state, ZONE_MISS, "a record without a link is one of two steps");
    is_int((long long) q.nhits, 1, "and not both");
    ok(q.key.hi == 0 && q.key.lo == 0, "nor leads on");

    key = zone_key(zone, 13);
    zone_put(zone, key, r, &link, 1);
    is_int(zone_query(zone, key, 1).state, ZONE_HIT,
           "a link beyond the last step is not followed");
}


static void
test_refresh(void)
{
    zone_key_t        key;
    zone_query_t      q;
    zone_flight_t     f, g, h;
    auth_token_str_t  r;

    r = zone_record(60, 0);
    key = zone_key(zone, 20);
    zone_lives.refresh = 30000;

    zone_put(zone, key, r, NULL, 1);

    zone_now += 30000;
    ok(!zone_query(zone, key, 1).hits[0].refresh, "not older than refresh");

    f = zone_flight(zone, key);
    f.refresh = 1;
    is_int(zone_take(&f), ZONE_READY, "nobody may renew it");

    zone_now += 1;
    q = zone_query(zone, key, 1);
    ok(q.hits[0].refresh, "older than refresh: to be renewed");
    is_int((long long) q.hits[0].age, 30001, "its age is told");

    is_int(zone_take(&f), ZONE_LEAD, "one may renew it");
    ok(!zone_query(zone, key, 1).hits[0].refresh, "while it is under way: no");
    is_int(zone_state(zone, key), ZONE_HIT, "and it is used on");

    g = f;
    is_int(zone_take(&g), ZONE_WAIT, "a second one may not renew it");
    h = zone_flight(zone, key);
    is_int(zone_take(&h), ZONE_READY, "who does not renew takes what is there");

    ngx_http_auth_token_flight_land_failure(&f, NULL, 0, 0, zone_now,
                                            &zone_waiters);
    is_int((long long) zone_waiters.workers, 0, "and nobody is woken for it");
    q = zone_query(zone, key, 1);
    is_int(q.state, ZONE_HIT, "it failed: hit");
    ok(!q.hits[0].refresh, "and not at once again");
    is_int(zone_take(&f), ZONE_READY, "not by force either");

    zone_now += 1000;
    ok(zone_query(zone, key, 1).hits[0].refresh, "but after a second");

    is_int(zone_take(&f), ZONE_LEAD, "renewed");
    ngx_http_auth_token_flight_land_record(&f, r, NULL, 1, zone_now,
                                           &zone_waiters);
    q = zone_query(zone, key, 1);
    ok(!q.hits[0].refresh && q.hits[0].age == 0, "it is new again");

    zone_now += 30001;
    is_int(zone_take(&f), ZONE_LEAD, "one begins to");
    zone_now += ZONE_MS;
    ok(zone_query(zone, key, 1).hits[0].refresh, "and does not come back");
    is_int(zone_take(&f), ZONE_LEAD, "renewed once more");
    ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters);
    is_int(zone_state(zone, key), ZONE_UNKNOWN,
           "refused: the record is gone at once");

    zone_now += 60000;
    zone_put(zone, key, r, NULL, 0);
    zone_now += 9000;
    zone_lives.refresh = 5000;
    ok(!zone_query(zone, key, 1).hits[0].refresh,
       "what denies is not renewed ahead");

    zone_lives.refresh = 0;
}


static void
test_stale(void)
{
    zone_key_t        key, denied, link;
    zone_query_t      q;
    zone_flight_t     f;
    auth_token_str_t  r;

    r = zone_record(60, 0);
    key = zone_key(zone, 30);
    denied = zone_key(zone, 31);
    link = zone_key_of(zone, 0, 1, 30);

    zone_put(zone, key, r, &link, 1);
    zone_put(zone, link, r, NULL, 1);
    zone_put(zone, denied, r, NULL, 0);

    zone_now += 60000;

    memset(&q, 0, sizeof(q));
    q.zone = zone;
    q.lives = &zone_lives;
    q.nsteps = 2;
    q.addr = &zone_addr;
    q.now = zone_now;
    q.pool = &zone_pool;
    q.use_stale = 1;

    q.key = key;
    zone_lives.stale = 0;

    /* looking removes what can never be used again, so ask for others first */

    zone_lives.stale = 5000;
    zone_lives.refresh = 30000;

    f = zone_flight(zone, key);
    is_int(zone_take(&f), ZONE_LEAD, "its life is over: looked up");
    ngx_http_auth_token_flight_land_failure(&f, NULL, 1, 0, zone_now,
                                            &zone_waiters);

    is_int(zone_state(zone, key), ZONE_FAILED, "failed: told so");

    q.key = key;
    ngx_http_auth_token_cache_query(&q);
    is_int(q.state, ZONE_HIT, "unless one asks for the old answer");
    is_int((long long) q.nhits, 2, "all of it");
    ok(q.hits[0].stale && q.hits[1].stale, "which is told to be stale");
    ok(!q.hits[0].refresh, "and is not renewed ahead any more");
    is_int((long long) q.hits[0].age, 60000, "and how old");

    q.key = denied;
    ngx_http_auth_token_cache_query(&q);
    is_int(q.state, ZONE_MISS, "what denied is never used beyond its life");

    q.now = zone_now + 4999;
    q.key = key;
    ngx_http_auth_token_cache_query(&q);
    is_int(q.state, ZONE_HIT, "until the grace is over");

    q.now = zone_now + 5000;
    q.key = key;
    ngx_http_auth_token_cache_query(&q);
    is_int(q.state, ZONE_MISS, "and no longer");

    /* a definite "no" beats it */

    zone_now += 10000;
    zone_put(zone, key, r, &link, 1);
    zone_now += 60000;
    f = zone_flight(zone, key);
    zone_take(&f);
    ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters);
    q.now = zone_now;
    q.key = key;
    ngx_http_auth_token_cache_query(&q);
    is_int(q.state, ZONE_UNKNOWN, "a refusal ends it");

    /* so does a purge */

    zone_now += 10000;
    zone_put(zone, key, r, &link, 1);
    zone_put(zone, link, r, NULL, 1);
    zone_now += 60000;
    is_int(zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &key, 0), 1,
           "purged");
    q.now = zone_now;
    q.key = key;
    ngx_http_auth_token_cache_query(&q);
    is_int(q.state, ZONE_MISS, "a purge ends it");

    zone_lives.stale = 0;
    zone_lives.refresh = 0;
}


static void
test_clock(void)
{
    ngx_msec_t        then;
    zone_key_t        key, bad;
    zone_flight_t     f;
    auth_token_str_t  r;

    r = zone_record(60, 0);
    then = zone_now;

    key = zone_key(zone, 40);
    zone_put(zone, key, r, NULL, 1);
    zone_now = then - 2000;
    is_int(zone_state(zone, key), ZONE_HIT, "another worker's clock is behind");
    is_int((long long) zone_query(zone, key, 1).hits[0].age, 0, "age 0 then");
    zone_now = then - 2001;
    is_int(zone_state(zone, key), ZONE_MISS, "the clock went back: not used");
    zone_now = then;
    is_int(zone_state(zone, key), ZONE_MISS, "nor later");

    zone_put(zone, key, r, NULL, 1);
    zone_now = then + 7200000;
    is_int(zone_state(zone, key), ZONE_MISS, "two hours ahead: over");
    is_int(zone_put(zone, key, r, NULL, 1), NGX_OK, "looked up again");
    zone_now = then;
    is_int(zone_state(zone, key), ZONE_MISS, "and two hours back: over");
    is_int(zone_put(zone, key, r, NULL, 1), NGX_OK, "looked up again");
    is_int(zone_state(zone, key), ZONE_HIT, "and found");

    bad = zone_key(zone, 41);
    f = zone_flight(zone, bad);
    zone_take(&f);
    ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters);
    is_int(zone_state(zone, bad), ZONE_UNKNOWN, "a refusal is remembered");
    zone_now = then - 7200000;
    is_int(zone_state(zone, bad), ZONE_MISS, "not if the clock went back");

    /* 40 bits of the clock are kept, and others are about to change */

    zone_now = ((ngx_msec_t) 5 << 32) - 1;
    f = zone_flight(zone, bad);
    zone_take(&f);
    ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters);
    zone_now += 9999;
    is_int(zone_state(zone, bad), ZONE_UNKNOWN, "for its life");
    zone_now += 1;
    is_int(zone_state(zone, bad), ZONE_MISS, "and no longer");
    zone_now += (ngx_msec_t) 1 << 32;
    is_int(zone_state(zone, bad), ZONE_MISS, "also 49 days later");
    zone_now = then;
}


int
main(void)
{
    zone = zone_new(1 << 20);

    test_lives();
    test_copy();
    test_packed();
    test_chain();
    test_refresh();
    test_stale();
    test_clock();

    zone_ok(zone, "in the end");

    return done();
}

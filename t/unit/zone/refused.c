/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What stays behind when the authority says no: a record from before that
 * goes on being served, or an authority that is asked again at once.
 */


#include "zone.h"


static void
test_refusal(void)
{
    zone_t                       *zone;
    zone_key_t                    key;
    zone_query_t                  q;
    zone_flight_t                 f;
    ngx_http_auth_token_lives_t   lives;

    zone = zone_new(1 << 20);
    key = zone_key(zone, 1);

    lives = zone_lives;
    lives.stale = lives.valid;

    is_int(zone_put(zone, key, zone_record(300, 0), NULL, 1), NGX_OK,
           "a good token");

    zone_now += lives.valid;

    f = zone_flight(zone, key);
    f.lives = &lives;
    is_int(zone_take(&f), ZONE_LEAD, "is looked up again");
    is_int(ngx_http_auth_token_flight_land_refusal(&f, zone_now,
                                                   &zone_waiters),
           NGX_OK, "and refused");

    memset(&q, 0, sizeof(q));
    zone_pool.used = 0;

    q.zone = zone;
    q.lives = &lives;
    q.nsteps = 1;
    q.addr = &zone_addr;
    q.now = zone_now;
    q.pool = &zone_pool;
    q.key = key;
    q.use_stale = 1;

    ngx_http_auth_token_cache_query(&q);

    is_int(q.state, ZONE_UNKNOWN, "it is refused from the cache");
    is_int((long long) q.nhits, 0, "and not served stale");
    zone_ok(zone, "after a refusal");
}


static void
test_probe(void)
{
    ngx_uint_t                   after;
    zone_flight_t                f;
    ngx_http_auth_token_slot_t   slot;
    ngx_http_auth_token_limit_t  limit;

    memset(&f, 0, sizeof(f));
    memset(&slot, 0, sizeof(slot));
    memset(&limit, 0, sizeof(limit));

    limit.breaker = 3;
    limit.breaker_delay = 10000;

    ngx_http_auth_token_limit_failure(&slot, &limit, &f, ZONE_FAULT, 30,
                                      zone_now);
    zone_now += 30000;

    is_int(ngx_http_auth_token_limit_take(&slot, &limit, &f, zone_now,
                                          zone_now + 5000, &after),
           NGX_OK, "after a pause one may ask");
    ok(f.probe, "as a probe");

    ngx_http_auth_token_limit_failure(&slot, &limit, &f, ZONE_FAULT, 0,
                                      zone_now);

    is_int(ngx_http_auth_token_limit_take(&slot, &limit, &f, zone_now,
                                          zone_now + 5000, &after),
           NGX_DECLINED, "it failed, the second failure of three: closed");
    is_int((long long) after, 10, "for the delay");
}


/* the mark is not theirs any more, or they never had one */

static void
test_late(int marks, int refusal)
{
    int               i, n, rc;
    zone_t           *zone;
    zone_key_t        key;
    zone_query_t      q;
    zone_flight_t     f, g, h;
    auth_token_str_t  denied;

    zone = zone_new(1 << 20);
    zone_lives.stale = 3600000;
    key = zone_key(zone, 1);
    denied = zone_record(60, 0);

    is_int(zone_put(zone, key, zone_record(60, 0), NULL, 1), NGX_OK, "known");
    zone_now += 60000;

    n = marks ? 0 : (int) zone->sh->nmarks;

    for (i = 0; i < n; i++) {
        h = zone_flight(zone, zone_key(zone, 1000 + i));
        zone_take(&h);
    }

    f = zone_flight(zone, key);
    g = zone_flight(zone, key);

    is_int(zone_take(&f), ZONE_LEAD, "one asks");
    zone_now += marks ? ZONE_MS : 0;
    is_int(zone_take(&g), ZONE_LEAD, marks ? "another took over" : "another");

    if (!marks) {
        ngx_http_auth_token_flight_land_failure(&g, zone_limit, ZONE_FAULT, 0,
                                                zone_now, &zone_waiters);
    }

    rc = refusal
         ? ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters)
         : ngx_http_auth_token_flight_land_record(&f, denied, NULL, 0, zone_now,
                                                  &zone_waiters);

    is_int(rc, NGX_OK, refusal ? "the first one hears no" : "\"disabled\"");

    q = zone_question(zone, key, 1);
    ngx_http_auth_token_cache_query(&q);
    ok(refusal ? q.state == ZONE_UNKNOWN
               : q.state == ZONE_HIT && !q.hits[0].allowed, "which counts");

    if (marks) {
        ngx_http_auth_token_flight_land_failure(&g, zone_limit, ZONE_FAULT, 0,
                                                zone_now, &zone_waiters);
    }

    q = zone_question(zone, key, 1);
    q.use_stale = 1;
    ngx_http_auth_token_cache_query(&q);
    ok(q.state != ZONE_HIT || !q.hits[0].allowed,
       "and nothing of before is used after it");

    zone_lives.stale = 0;
}


/* what came after the question is not ended by its answer */

static void
test_outdone(void)
{
    zone_t        *zone;
    zone_key_t     key;
    zone_flight_t  f;

    zone = zone_new(1 << 20);
    key = zone_key(zone, 1);
    f = zone_flight(zone, key);

    is_int(zone_take(&f), ZONE_LEAD, "one asks, and is held up");
    zone_now += ZONE_MS;
    is_int(zone_put(zone, key, zone_record(60, 0), NULL, 1), NGX_OK,
           "another hears yes");
    is_int(ngx_http_auth_token_flight_land_refusal(&f, zone_now,
                                                   &zone_waiters),
           NGX_DECLINED, "the no of before is late");
    is_int(zone_state(zone, key), ZONE_HIT, "and changes nothing");
}


int
main(void)
{
    test_refusal();
    test_probe();
    test_late(0, 0);
    test_late(0, 1);
    test_late(1, 0);
    test_late(1, 1);
    test_outdone();

    return done();
}

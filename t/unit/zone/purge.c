/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Purges by token, by id, of a provider and of all: what is gone at once, what
 * stays, and what is counted.  What they do to look-ups under way is in
 * flight.c.
 */


#include "zone.h"


static zone_t            *zone;
static auth_token_str_t   record;


static void
fill(ngx_int_t slot, int n)
{
    int            i;
    zone_key_t     key, link;
    zone_flight_t  f;

    for (i = 0; i < n; i++) {
        key = zone_key_of(zone, slot, 0, i);
        link = zone_key_of(zone, slot, 1, i / 3);

        f = zone_flight(zone, key);
        f.slot = (ngx_uint_t) slot;
        zone_take(&f);
        ngx_http_auth_token_flight_land_record(&f, record, &link, 1, zone_now,
                                               &zone_waiters);

        f = zone_flight(zone, link);
        f.slot = (ngx_uint_t) slot;

        if (zone_take(&f) == ZONE_LEAD) {
            ngx_http_auth_token_flight_land_record(&f, record, NULL, 1,
                                                   zone_now, &zone_waiters);
        }

        f = zone_flight(zone, zone_key_of(zone, slot, 0, 10000 + i));
        f.slot = (ngx_uint_t) slot;
        zone_take(&f);
        ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters);
    }
}


static int
state(ngx_int_t slot, int n)
{
    zone_query_t  q;

    memset(&q, 0, sizeof(q));

    zone_pool.used = 0;

    q.zone = zone;
    q.lives = &zone_lives;
    q.slot = (ngx_uint_t) slot;
    q.nsteps = 2;
    q.addr = &zone_addr;
    q.now = zone_now;
    q.pool = &zone_pool;
    q.key = zone_key_of(zone, slot, 0, n);

    ngx_http_auth_token_cache_query(&q);

    return q.state;
}


static int
states(ngx_int_t slot, int from, int to, int want)
{
    int  n;

    for (n = 0; from < to; from++) {
        n += (state(slot, from) == want);
    }

    return n;
}


/* a record that shares its place in the table with the one before it */

static void
test_shared_place(void)
{
    int                          n;
    zone_key_t                   first, second, third;
    ngx_http_auth_token_purge_t  p;

    first = zone_key_of(zone, 0, 0, 5000);
    third = zone_key_of(zone, 0, 2, 1);

    for (n = 0; ; n++) {
        second = zone_key_of(zone, 0, 1, 100000 + n);

        if (((first.hi ^ second.hi) & zone->sh->purge_mask) == 0) {
            break;
        }
    }

    is_int(zone_put(zone, first, record, &second, 1), NGX_OK, "a token");
    is_int(zone_put(zone, second, record, &third, 1), NGX_OK, "its id");
    is_int(zone_put(zone, third, record, NULL, 1), NGX_OK, "a third step");

    is_int(zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &first, 0), 1,
           "the token is purged");

    memset(&p, 0, sizeof(p));
    p.zone = zone;
    p.kind = NGX_HTTP_AUTH_TOKEN_PURGE_LINK;
    p.key = second;
    ngx_http_auth_token_purge_begin(&p);

    is_int((long long) p.records, 1, "the id is there all the same");
    ok(ngx_http_auth_token_key_equal(&p.link, &third),
       "and where it leads to is known");
}


static void
test_rest(void)
{
    ngx_http_auth_token_purge_t  p;

    fill(1, 100);
    ok(zone->sh->slots[1].entries > 0, "another provider");

    memset(&p, 0, sizeof(p));
    p.zone = zone;
    p.kind = NGX_HTTP_AUTH_TOKEN_PURGE_REST;
    p.spared[0] = 1;
    is_int(ngx_http_auth_token_purge_begin(&p), NGX_OK, "all but the first");
    is_int(states(1, 0, 100, ZONE_HIT), 100,
           "the other came after this configuration");

    zone->since = zone->sh->sequence - 1;
    is_int(ngx_http_auth_token_zone_slot(zone, zone_fingerprint(2)), 2,
           "a provider of a newer configuration");
    fill(2, 100);

    is_int(ngx_http_auth_token_purge_begin(&p), NGX_OK, "all but the first");
    is_int(states(1, 0, 100, ZONE_MISS), 100, "the other is at its end");

    while (ngx_http_auth_token_purge_sweep(&p) == NGX_AGAIN) { /* void */ }

    is_int((long long) (p.records + p.negatives), 0, "nothing is counted");
    is_int((long long) (zone->sh->slots[1].entries
                        + zone->sh->slots[1].negatives), 0, "all is gone");
    is_int(states(0, 0, 100, ZONE_HIT), 100, "the first is as before");
    is_int(states(2, 0, 100, ZONE_HIT), 100, "and so is the newer one");
    is_int(states(2, 10000, 10100, ZONE_UNKNOWN), 100, "with its refusals");

    ngx_http_auth_token_purge_begin(&p);
    is_int(ngx_http_auth_token_purge_sweep(&p), NGX_OK,
           "and where nothing is, there is no work");
}


int
main(void)
{
    zone_key_t                   key, old;
    ngx_http_auth_token_purge_t  p;

    zone = zone_new(4 << 20);
    record = zone_record(60, 0);

    is_int(ngx_http_auth_token_zone_slot(zone, zone_fingerprint(1)),
           1, "a second provider");

    fill(0, 3000);
    fill(1, 300);

    is_int(states(0, 0, 3000, ZONE_HIT), 3000, "3000 tokens of 1000 ids");
    is_int(states(1, 0, 300, ZONE_HIT), 300, "300 of the other provider");

    key = zone_key_of(zone, 0, 0, 7);
    is_int(zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &key, 0), 1,
           "a token: one record");
    is_int(state(0, 7), ZONE_MISS, "is gone");
    is_int(state(0, 6), ZONE_HIT, "another one of the same id is not");
    is_int(zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &key, 0), 0,
           "again: none");

    memset(&p, 0, sizeof(p));
    p.zone = zone;
    p.key = zone_key_of(zone, 0, 0, 10005);
    is_int(state(0, 10005), ZONE_UNKNOWN, "a token that was refused");
    ngx_http_auth_token_purge_begin(&p);
    is_int((long long) p.negatives, 1, "is one negative entry");
    is_int(ngx_http_auth_token_purge_sweep(&p), NGX_OK, "and no more work");
    is_int(state(0, 10005), ZONE_MISS, "and is gone");

    key = zone_key_of(zone, 0, 1, 3);
    is_int(zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_LINK, &key, 0), 4,
           "an id: its details and three tokens");
    is_int(states(0, 9, 12, ZONE_MISS), 3, "are gone");
    /* a few share a place in the table of purges with one that was purged */

    ok(states(0, 0, 3000, ZONE_HIT) >= 2950, "hardly any other is");

    memset(&p, 0, sizeof(p));
    p.zone = zone;
    p.kind = NGX_HTTP_AUTH_TOKEN_PURGE_LINK;
    p.key = zone_key_of(zone, 0, 1, 5);
    ngx_http_auth_token_purge_begin(&p);
    is_int(zone_state(zone, zone_key_of(zone, 0, 0, 15)), ZONE_MISS,
           "they are gone before the sweep as well");
    is_int(states(0, 16, 18, ZONE_MISS), 2, "all of them");

    key = zone_key_of(zone, 0, 1, 100);
    is_int(zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_LINK, &key, 0), 4,
           "another purge takes them out, and counts its own");

    memset(&p, 0, sizeof(p));
    p.zone = zone;
    p.kind = NGX_HTTP_AUTH_TOKEN_PURGE_SLOT;
    old = zone_key_of(zone, 0, 0, 30);
    is_int(zone_state(zone, old), ZONE_HIT, "a query that has its key");
    ngx_http_auth_token_purge_begin(&p);
    is_int(zone_state(zone, old), ZONE_MISS,
           "finds nothing after the purge of the provider");
    fill(0, 3000);

    old = zone_key_of(zone, 0, 0, 20);
    key = zone_key_of(zone, 0, 1, 20 / 3);

    ok(zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_SLOT, NULL, 0) > 3850,
       "a provider: all of its records");
    is_int(states(0, 0, 3000, ZONE_MISS), 3000, "none is left");
    is_int((long long) zone->sh->slots[0].entries, 0, "nor counted");
    is_int((long long) zone->sh->slots[0].negatives, 0, "nor negative ones");
    is_int((long long) zone->sh->slots[1].negatives, 300,
           "but for the other provider's");
    ok(states(1, 0, 300, ZONE_HIT) >= 280, "the other provider is as before");
    ok(zone_key_of(zone, 0, 0, 20).hi != old.hi,
       "keys are others than before");

    is_int(zone_put(zone, old, record, &key, 1), NGX_OK,
           "who still has an old key may use it");
    is_int(state(0, 20), ZONE_MISS, "but for himself");

    ok(zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_ALL, NULL, 0) >= 380,
       "all");
    is_int((long long) zone->sh->entries.count, 0, "no record is left");
    is_int((long long) zone->sh->negatives.count, 0, "no negative entry is");
    is_int((long long) zone->sh->ring.size, 0, "no byte is");

    fill(0, 100);
    is_int(states(0, 0, 100, ZONE_HIT), 100, "and all can come again");

    test_shared_place();
    test_rest();

    zone_ok(zone, "in the end");

    return done();
}

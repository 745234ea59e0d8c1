/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A zone whose content is not what it should be, or is not ours to read, and
 * memory that ends: a record that is used nevertheless.
 */


#include "copy.h"


static auth_token_str_t  record;


static auth_token_record_t *
stored(zone_key_t *key)
{
    ngx_http_auth_token_entry_t  *e;

    e = ngx_http_auth_token_index_find(&zone->sh->entries, key);

    return (auth_token_record_t *) &e[1];
}


/* no damaged record is used, and none stays */

static void
test_record(void)
{
    int                   i;
    uint64_t              count;
    zone_key_t            key;
    auth_token_record_t  *r;

    static const char *const  names[] = {
        "another magic", "a size beyond the entry", "a head beyond the size"
    };

    count = zone->sh->entries.count;

    for (i = 0; i < 3; i++) {
        key = zone_key(zone, i);
        zone_put(zone, key, record, NULL, 1);
        r = stored(&key);

        switch (i) {

        case 0:
            r->magic ^= 1;
            break;

        case 1:
            r->size = 1 << 20;
            break;

        default:
            r->head = r->size + 1;
        }

        is_int(zone_state(zone, key), ZONE_MISS, names[i]);
    }

    is_int((long long) zone->sh->entries.count, (long long) count,
           "none is left");
    zone_ok(zone, "after it");
}


/* a key of another provider cannot be the same; if it were, it is not served */

static void
test_slot(void)
{
    zone_key_t     key;
    zone_query_t   q;
    zone_flight_t  f;

    key = zone_key(zone, 10);
    zone_put(zone, key, record, NULL, 1);

    q = zone_question(zone, key, 1);
    q.slot = 1;
    is_int(ngx_http_auth_token_cache_query(&q), NGX_OK, "asked by another");
    is_int(q.state, ZONE_MISS, "it is not his");
    is_int(zone_state(zone, key), ZONE_HIT, "and stays where it is");

    q = zone_question(zone, key, 1);
    q.slot = 1;
    is_int(ngx_http_auth_token_copy_find(&q), NGX_DECLINED,
           "nor is the copy his");

    f = zone_flight(zone, key);
    f.slot = 1;
    is_int(zone_take(&f), ZONE_LEAD, "so he looks it up");
    is_int(ngx_http_auth_token_flight_land_record(&f, record, NULL, 1,
                                                  zone_now, &zone_waiters),
           NGX_OK, "and it is his now");
    is_int(zone_state(zone, key), ZONE_MISS, "and not the other's");
    zone_ok(zone, "with one entry");
}


static void
test_memory(void)
{
    zone_key_t    key, alike;
    zone_query_t  q;

    /* of a size for which the worker's buffer has to grow */

    key = zone_key(zone, 20);
    zone_put(zone, key, zone_record(60000, 0), NULL, 1);

    shim_alloc_fails = 1;
    is_int((int) zone_query(zone, key, 1).state, -1, "no memory for it");
    shim_alloc_fails = 0;
    is_int(zone_state(zone, key), ZONE_HIT, "with memory it is found");

    key = zone_key(zone, 21);
    zone_put(zone, key, record, NULL, 1);

    shim_alloc_fails = 1;
    is_int(zone_state(zone, key), ZONE_HIT, "no memory to keep it");
    is_int(copied(key, 1), 0, "so it is not kept");
    shim_alloc_fails = 0;

    is_int(zone_state(zone, key), ZONE_HIT, "with memory");
    ok(copied(key, 1), "it is");

    q = zone_question(zone, key, 1);
    zone_pool.used = sizeof(zone_pool.data) - 8;
    is_int(ngx_http_auth_token_copy_find(&q), NGX_DECLINED,
           "no memory to give it out");

    /* a key that differs in what does not choose the place */

    alike = key;
    alike.lo += NGX_HTTP_AUTH_TOKEN_COPY_ROWS;
    is_int(copied(alike, 1), 0, "a key that is alike");
    zone_put(zone, alike, record, NULL, 1);
    is_int(zone_state(zone, alike), ZONE_HIT, "is another");
    ok(copied(key, 1) && copied(alike, 1), "and has a place of its own");
}


/* keys of which one half is 0 are keys */

static void
test_halves(void)
{
    int            i;
    zone_key_t     key, link;
    zone_query_t   q;
    zone_flight_t  f;

    for (i = 0; i < 2; i++) {
        key = zone_key(zone, 30 + i);
        link.hi = (i == 0) ? 0 : 77;
        link.lo = (i == 0) ? 77 : 0;

        zone_put(zone, key, record, &link, 1);

        q = zone_query(zone, key, 2);
        ok(q.state == ZONE_MISS && q.nhits == 1
           && ngx_http_auth_token_key_equal(&q.key, &link),
           "it leads to the next step");

        zone_now += zone_lives.valid;
        f = zone_flight(zone, key);
        is_int(zone_take(&f), ZONE_LEAD, "its life is over");
        is_int(f.known, 0, "and the next step was never taken");

        f = zone_flight(zone, link);
        zone_take(&f);
        ngx_http_auth_token_flight_land_record(&f, record, NULL, 0, zone_now,
                                               &zone_waiters);

        zone_now += ZONE_MS;
        f = zone_flight(zone, key);
        is_int(zone_take(&f), ZONE_LEAD, "again");
        is_int(f.known, 0, "the next step denied");
    }
}


/* a zone that others lay out otherwise: nothing is read, nothing is written */

static void
test_layout(void)
{
    uint64_t                      stores;
    zone_key_t                    key;
    zone_query_t                  q;
    zone_flight_t                 f;
    ngx_http_auth_token_limit_t   limit;

    memset(&limit, 0, sizeof(limit));

    key = zone_key(zone, 40);
    f = zone_flight(zone, key);
    is_int(zone_take(&f), ZONE_LEAD, "a look-up");

    stores = zone->sh->stats.stores;
    zone->sh->layout++;

    is_int(ngx_http_auth_token_flight_land_record(&f, record, NULL, 1,
                                                  zone_now, &zone_waiters),
           NGX_DECLINED, "a record");
    is_int(ngx_http_auth_token_flight_land_refusal(&f, zone_now,
                                                   &zone_waiters),
           NGX_DECLINED, "a refusal");
    is_int(ngx_http_auth_token_flight_land_failure(&f, &limit, ZONE_FAULT, 9,
                                                   zone_now, &zone_waiters),
           NGX_DECLINED, "a failure");
    ngx_http_auth_token_flight_observe(&f, &limit, 0, 9, zone_now);

    q = zone_query(zone, key, 1);
    is_int(q.state, ZONE_MISS, "nothing is found");
    ok(ngx_http_auth_token_purge_ended(zone, 0, q.hits, 1),
       "and what was found before has ended");
    is_int(zone_take(&f), ZONE_REFUSED, "nothing is looked up");
    is_int((long long) zone_retry_after, 1, "for now");

    zone->sh->layout--;

    ok(zone->sh->stats.stores == stores && zone->sh->slots[0].closed_until == 0,
       "nothing was written");
    zone_ok(zone, "as it was");
}


int
main(void)
{
    copy_start();

    record = zone_record(60, 0);

    test_memory();
    test_record();
    test_slot();
    test_halves();
    test_layout();

    zone_ok(zone, "in the end");

    return done();
}

/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A worker's own copies of what it found: a copy says something else than the
 * zone, outlives what it is a copy of, or takes memory without end.
 */


#include "copy.h"


static void
test_same(void)
{
    zone_key_t           key, link;
    zone_query_t         q;
    auth_token_str_t     verify, details;
    auth_token_record_t  first, second;

    verify = cloudflare_record(1, 0, 0);
    details = cloudflare_record(1, 1, 4);
    key = zone_key(zone, 1);
    link = zone_key_of(zone, 0, 1, 1);

    zone_put(zone, link, details, NULL, 1);
    zone_put(zone, key, verify, &link, 0);
    zone_lives.negative = 60000;

    is_int(copied(key, 2), 0, "nobody has asked yet");
    q = zone_query(zone, key, 2);
    is_int(q.state, ZONE_HIT, "from the zone");
    first = *q.hits[0].record;
    second = *q.hits[1].record;

    zone_now += 7;
    ok(copied(key, 2), "from the copy");
    q = zone_query(zone, key, 2);
    is_int((long long) q.nhits, 2, "both steps");
    is_mem(q.hits[0].record, first.head, verify.data, first.head,
           "the first as it was");
    is_mem(q.hits[1].record, second.head, details.data, second.head,
           "the second as it was");
    is_mem(q.hits[0].record, sizeof(first), &first, sizeof(first),
           "and as from the zone");
    is_mem(q.hits[1].record, sizeof(second), &second, sizeof(second),
           "both");
    is_mem(&q.key, sizeof(link), &link, sizeof(link), "key");
    is_mem(&q.hits[0].key, sizeof(key), &key, sizeof(key), "key of the first");
    is_mem(&q.hits[0].link, sizeof(link), &link, sizeof(link), "its link");
    is_int((long long) q.hits[1].age, 7, "age");
    is_int(q.hits[0].allowed, 0, "refused when it was stored");
    is_int(q.hits[1].allowed, 1, "allowed");
    is_int(q.hits[0].stale + q.hits[0].refresh, 0, "no more to say");
    is_int(q.hits[1].address, AUTH_TOKEN_ADDRESS_ADMITTED, "address");

    zone_addr.bytes[0] = 11;
    ok(copied(key, 2), "for another address");
    q = zone_query(zone, key, 2);
    is_int(q.hits[1].address, AUTH_TOKEN_ADDRESS_REFUSED, "which is refused");
    zone_addr.bytes[0] = 10;

    is_int(copied(key, 1), 0, "another number of steps");
    is_int(copied(link, 2), 0, "another key");

    zone_lives.negative = 10000;
}


static void
test_times(void)
{
    int           i;
    zone_key_t    key;
    zone_query_t  q;

    know(2);
    key = zone_key(zone, 2);

    zone_now += NGX_HTTP_AUTH_TOKEN_COPY_LIFE - 1;
    ok(copied(key, 2), "to the end of its time");
    zone_now += 1;
    is_int(copied(key, 2), 0, "no longer");
    zone_query(zone, key, 2);
    ok(copied(key, 2), "anew");
    zone_now -= 1;
    is_int(copied(key, 2), 0, "not before it was made");
    zone_now += 1;

    zone_lives.valid = 1100;
    zone_now += 99;
    ok(copied(key, 2), "to the end of the record's life");
    zone_now += 1;
    is_int(copied(key, 2), 0, "no longer");
    is_int(zone_state(zone, key), ZONE_MISS, "the zone says the same");
    zone_lives.valid = 60000;

    know(3);
    key = zone_key(zone, 3);
    zone_lives.refresh = 500;
    zone_now += 500;
    ok(copied(key, 2), "to when it is to be renewed");
    zone_now += 1;
    is_int(copied(key, 2), 0, "no longer");

    for (i = 0; i < 3; i++) {
        q = zone_query(zone, key, 2);
        ok(q.hits[0].refresh && q.hits[1].refresh, "somebody is to renew it");
    }

    key = zone_key(zone, 323);
    zone_put(zone, key, cloudflare_record(5, 0, 0), NULL, 0);
    zone_query(zone, key, 1);
    zone_now += 501;
    ok(copied(key, 1), "what denies is not renewed ahead");
    zone_lives.refresh = 0;

    know(4);
    key = zone_key(zone, 4);
    zone_lives.valid = 300;
    zone_lives.stale = 10000;
    zone_now += 301;
    q = zone_query(zone, key, 2);
    is_int(q.state, ZONE_MISS, "stale");
    is_int(copied(key, 2), 0, "and not from a copy");
    zone_lives.valid = 60000;
    zone_lives.stale = 0;
}


static void
test_others(void)
{
    zone_t            *other;
    zone_key_t         key;
    uint64_t           layout;
    auth_token_str_t   r;

    know(320);
    key = zone_key(zone, 320);

    layout = zone->sh->layout;
    zone->sh->layout++;
    is_int(copied(key, 2), 0, "a zone of another layout");
    is_int(zone_state(zone, key), ZONE_MISS, "which nobody can read");
    zone->sh->layout = layout;
    ok(copied(key, 2), "of ours");

    other = zone;
    zone = zone_new(1 << 20);
    is_int(copied(key, 2), 0, "of the same name in another zone");
    zone = other;

    r = zone_record(NGX_HTTP_AUTH_TOKEN_COPY_RECORD - 4096, 1000);
    key = zone_key(zone, 321);
    zone_put(zone, key, r, NULL, 1);
    is_int(zone_state(zone, key), ZONE_HIT, "a large one");
    is_int(copied(key, 1), 0, "is not copied");

    know(322);
    key = zone_key(zone, 322);
    zone_query(zone, key, 2);
    zone_pool.used = sizeof(zone_pool.data) - 8;
    is_int(zone_query(zone, key, 2).state, ZONE_HIT, "a pool with room");
}


static void
test_bounds(void)
{
    int               i, n;
    auth_token_str_t  r;

    r = zone_record(NGX_HTTP_AUTH_TOKEN_COPY_RECORD - 200, 0);

    for (n = 0, i = 0; i < 4000; i++) {
        zone_put(zone, zone_key(zone, 5000 + i), r, NULL, 1);
        n += (zone_state(zone, zone_key(zone, 5000 + i)) == ZONE_HIT);
    }

    is_int(n, 4000, "more than can be copied");
    ok(ngx_http_auth_token_copy_total <= NGX_HTTP_AUTH_TOKEN_COPY_TOTAL,
       "copies take %d bytes", (int) ngx_http_auth_token_copy_total);
    ok(ngx_http_auth_token_copy_total > NGX_HTTP_AUTH_TOKEN_COPY_TOTAL / 2,
       "they are used");

    for (n = 0, i = 0; i < 64; i++) {
        know(700 + i);
        n += copied(zone_key(zone, 700 + i), 2);
    }

    is_int(n, 64, "those that come later have a place too");
    zone_ok(zone, "in the end");
}


static void
test_counted(void)
{
    int                          i;
    uint64_t                     before;
    zone_key_t                   key;
    ngx_http_auth_token_usage_t  usage;

    know(340);
    key = zone_key(zone, 340);

    ngx_http_auth_token_zone_usage(zone, &usage);
    before = usage.stats.hits;

    for (i = 0; i < 5; i++) {
        zone_query(zone, key, 2);
    }

    is_int((long long) zone->sh->stats.hits, (long long) before,
           "hits without the lock");
    ngx_http_auth_token_zone_usage(zone, &usage);
    is_int((long long) (usage.stats.hits - before), 5, "are counted");

    zone_query(zone, key, 2);
    zone_now += NGX_HTTP_AUTH_TOKEN_COPY_LIFE;
    zone_query(zone, key, 2);
    is_int((long long) zone->sh->stats.hits, (long long) before + 7,
           "with the next one that takes it");
}


int
main(void)
{
    copy_start();

    test_same();
    test_times();
    test_others();
    test_bounds();
    test_counted();

    return done();
}

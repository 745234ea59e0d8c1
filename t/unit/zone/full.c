/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A zone that is full: what makes room for what, that known tokens outlive a
 * flood of unknown ones, and how much a zone holds.
 */


#include "cloudflare.h"


static zone_t  *zone;


static int
hits(int from, int to)
{
    int  n;

    for (n = 0; from < to; from++) {
        n += (zone_state(zone, zone_key(zone, from)) == ZONE_HIT);
    }

    return n;
}


static void
refuse(int n)
{
    zone_flight_t  f;

    f = zone_flight(zone, zone_key(zone, n));

    if (zone_take(&f) == ZONE_LEAD) {
        ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters);
    }
}


static void
test_used(void)
{
    int               i, n, asked, stored;
    auth_token_str_t  r;

    r = zone_record(300, 4);

    for (n = 0; zone->sh->stats.evictions == 0; n++) {
        zone_put(zone, zone_key(zone, n), r, NULL, 1);
    }

    ok(hits(0, 1) == 0, "full with %d records: the oldest is gone", n);
    is_int(hits(1, n), n - 1, "all others are there");
    zone_ok(zone, "full");

    /* all of them have been used now: let the ring forget that */

    for (i = n; i < n * 3; i++) {
        zone_put(zone, zone_key(zone, i), r, NULL, 1);
    }

    is_int(hits(n * 3 - 100, n * 3), 100, "the newest are there");
    zone_ok(zone, "after two rounds");

    /* a hundred that are used, among many that are not */

    asked = 0;
    stored = 0;

    for (i = n * 3; i < n * 20; i++) {
        zone_put(zone, zone_key(zone, i), r, NULL, 1);

        if (i % 50 == 0) {
            asked += 100;
            stored += hits(n * 3 - 100, n * 3);
        }
    }

    is_int(stored, asked, "what is used stays, always");
    zone_ok(zone, "after many rounds");
}


static void
test_flood(void)
{
    int               i, n, all;
    uint64_t          evictions;
    auth_token_str_t  r;

    r = zone_record(300, 4);

    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_ALL, NULL, 0);
    evictions = zone->sh->stats.evictions;

    /* a zone full of records that nobody has used yet */

    for (n = 0; zone->sh->stats.evictions == evictions; n++) {
        zone_put(zone, zone_key(zone, n), r, NULL, 1);
    }

    evictions = zone->sh->stats.evictions;

    for (all = 0, i = 0; i < 120000; i++) {
        refuse(1000000 + i);
        zone_now += (i % 2);

        if (i % 10000 == 0) {
            all += (hits(1, n) == n - 1);
        }

        if (zone_now % 50000 == 0) {
            zone_now++;
        }
    }

    is_int(all, 12, "120,000 refusals: every record stays");
    is_int((long long) (zone->sh->stats.evictions - evictions), 0,
           "none was thrown out for them");
    ok(zone->sh->negatives.count * 32 <= (1 << 20) / 4
       && zone->sh->negatives.count == zone->sh->nnegatives,
       "they take a quarter of the zone at most: %d bytes",
       (int) zone->sh->negatives.count * 32);

    is_int(zone_state(zone, zone_key(zone, 1000000 + 119999)), ZONE_UNKNOWN,
           "the last one is remembered");

    is_int(zone_put(zone, zone_key(zone, 9999999), r, NULL, 1), NGX_OK,
           "a record finds room");
    is_int(zone_state(zone, zone_key(zone, 9999999)), ZONE_HIT, "and stays");
    zone_ok(zone, "after the flood");

    /* a bad token that keeps coming is not looked up over and over */

    for (n = 0, i = 0; i < 20000; i++) {
        refuse(2000000 + i);

        if (i % 1000 == 0) {
            zone_now++;
            n += (zone_state(zone, zone_key(zone, 2000000)) == ZONE_UNKNOWN);
        }
    }

    is_int(n, 20, "one that is used stays among them");
}


static void
test_sizes(void)
{
    int               i, n, kept;
    uint64_t          nomem;
    ngx_uint_t        seed;
    auth_token_str_t  r[8];

    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_ALL, NULL, 0);

    for (i = 0; i < 8; i++) {
        r[i] = zone_record((size_t) 40 << (2 * (i % 5)), i % 4 ? 0 : 40);
    }

    seed = 1;
    kept = 0;

    for (i = 0; i < 60000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        n = (int) (seed >> 40) % 3000;

        switch ((seed >> 20) % 10) {

        case 0:
            refuse(n);
            break;

        case 1:
        case 2:
            hits(n, n + 1);
            break;

        case 3:
            zone_now += 1000;
            break;

        default:
            zone_put(zone, zone_key(zone, n), r[(seed >> 30) % 8], NULL, 1);
        }

        if (i % 1000 == 0) {
            kept += (zone_check(zone) == NULL);
        }
    }

    is_int(kept, 60, "records of all sizes, whole all the time");

    zone = zone_new(128 << 10);
    nomem = zone->sh->stats.nomem;

    is_int(zone_put(zone, zone_key(zone, 1), zone_record(20000, 0), NULL, 1),
           NGX_OK, "a large one in a small zone");
    is_int(zone_state(zone, zone_key(zone, 1)), ZONE_HIT, "is stored");
    is_int(zone_put(zone, zone_key(zone, 2), zone_record(30000, 0), NULL, 1),
           NGX_OK, "one too large lands");
    is_int(zone_state(zone, zone_key(zone, 2)), ZONE_MISS, "but is not");
    is_int((long long) (zone->sh->stats.nomem - nomem), 1, "and counted");
    is_int(zone_state(zone, zone_key(zone, 1)), ZONE_HIT,
           "without harm to others");
    zone_ok(zone, "after it");
}


/* however full it is, a place is found, or given up, after so many visits */

static void
test_visits(void)
{
    int               i, n;
    uint64_t          nomem;
    auth_token_str_t  r;

    zone = zone_new(1 << 20);
    r = zone_record(8, 0);

    for (n = 0; zone->sh->stats.evictions == 0; n++) {
        zone_put(zone, zone_key(zone, n), r, NULL, 1);
    }

    nomem = zone->sh->stats.nomem;
    hits(1, n);

    r = zone_record(60000, 0);
    is_int(zone_put(zone, zone_key(zone, n), r, NULL, 1), NGX_OK,
           "a large one among small ones in use");
    is_int((long long) (zone->sh->stats.nomem - nomem), 1, "has no place");
    zone_ok(zone, "without it");

    /* what it has freed serves the next ones */

    for (i = 0; i < 50; i++) {
        zone_put(zone, zone_key(zone, n), r, NULL, 1);
    }

    is_int(zone_state(zone, zone_key(zone, n)), ZONE_HIT, "in the end it has");
    zone_ok(zone, "with it");

    for (i = 0; i < (int) zone->sh->nnegatives; i++) {
        refuse(3000000 + i);
        zone_state(zone, zone_key(zone, 3000000 + i));
    }

    refuse(4000000);
    is_int(zone_state(zone, zone_key(zone, 4000000)), ZONE_UNKNOWN,
           "a refusal finds one though all others are in use");
    zone_ok(zone, "with it");
}


/* at the end of the ring is room for less than what says that it is skipped */

static void
test_end(void)
{
    int               i, size;
    uint64_t          rest;
    auth_token_str_t  r;

    for (size = 400; ; size += 8) {
        zone = zone_new(128 << 10);
        r = zone_record((size_t) size, 0);
        zone_put(zone, zone_key(zone, 0), r, NULL, 1);

        rest = (uint64_t) (zone->sh->ring.end - zone->sh->ring.start)
               % zone->sh->ring.size;

        if (rest != 0 && rest < sizeof(ngx_http_auth_token_entry_t)) {
            break;
        }
    }

    for (i = 0; i < 1000; i++) {
        zone_put(zone, zone_key(zone, i), r, NULL, 1);
    }

    is_int(hits(999, 1000), 1, "the last of a thousand");
    zone_ok(zone, "with it");
}


/* typical tokens of two steps: how many, and what each takes */

static void
test_capacity(void)
{
    int               n, whole;
    zone_key_t        link;
    zone_query_t      q;
    auth_token_str_t  verify, details;

    zone = zone_new(10 << 20);
    whole = 0;

    for (n = 0; zone->sh->stats.evictions == 0; n++) {
        verify = cloudflare_record(n, 0, 0);
        details = cloudflare_record(n, 1, 4);
        link = zone_key_of(zone, 0, 1, n);

        zone_put(zone, zone_key(zone, n), verify, &link, 1);
        zone_put(zone, link, details, NULL, 1);

        q = zone_query(zone, zone_key(zone, n), 2);

        whole += (q.state == ZONE_HIT
                  && memcmp(q.hits[0].record, verify.data, verify.len) == 0
                  && memcmp(q.hits[1].record, details.data,
                            q.hits[1].record->head) == 0
                  && q.hits[1].address == AUTH_TOKEN_ADDRESS_ADMITTED);

        free(verify.data);
        free(details.data);
    }

    printf("# 10m hold %d tokens of %d bytes; also %d refusals, %d marks\n", n,
           (int) (zone->sh->ring.size / (uint64_t) n),
           (int) zone->sh->nnegatives, (int) zone->sh->nmarks);

    is_int(whole, n, "every record comes out as it was");

    is_int(sizeof(ngx_http_auth_token_entry_t), 56, "56 bytes over a record");
    is_int(sizeof(ngx_http_auth_token_negative_t), 32, "32 for a refusal");

    ok(zone->sh->ring.size / (uint64_t) n <= 512, "a token takes 512 bytes");
    ok(n >= 15000, "10m hold 15,000 tokens");
    zone_ok(zone, "full of them");
}


int
main(void)
{
    zone = zone_new(1 << 20);

    test_used();
    test_flood();
    test_sizes();
    test_visits();
    test_end();
    test_capacity();

    return done();
}

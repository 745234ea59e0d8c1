/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A token is revoked and purged, or another worker has a newer answer, and a
 * worker goes on with its copy.
 */


#include "copy.h"


static void
purge_key(int n)
{
    zone_key_t  key;

    key = zone_key(zone, n);
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &key, 0);
}


static void
purge_link(int n)
{
    zone_key_t  key;

    key = zone_key_of(zone, 0, 1, n);
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_LINK, &key, 0);
}


static void
purge_details(int n)
{
    zone_key_t  key;

    key = zone_key_of(zone, 0, 1, n);
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &key, 0);
}


static void
purge_slot(int n)
{
    (void) n;
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_SLOT, NULL, 0);
}


static void
purge_all(int n)
{
    (void) n;
    zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_ALL, NULL, 0);
}


/* who renews a record may learn anything of it */

static zone_flight_t
take_refresh(zone_key_t key)
{
    zone_flight_t  f;

    zone_lives.refresh = 1;
    f = zone_flight(zone, key);
    f.refresh = 1;

    if (zone_take(&f) != ZONE_LEAD) {
        _exit(1);
    }

    return f;
}


static void
refuse(int n)
{
    zone_flight_t  f;

    f = take_refresh(zone_key(zone, n));
    ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters);
}


static void
renew(int n)
{
    zone_key_t     link;
    zone_flight_t  f;

    f = take_refresh(zone_key_of(zone, 0, 1, n));
    link.hi = link.lo = 0;

    ngx_http_auth_token_flight_land_record(&f, cloudflare_record(n, 1, 4),
                                           &link, 0, zone_now, &zone_waiters);
}


static void
fail(int n)
{
    zone_flight_t  f;

    f = take_refresh(zone_key(zone, n));
    ngx_http_auth_token_flight_land_failure(&f, zone_limit, 0, 0, zone_now,
                                            &zone_waiters);
}


static void
die(int n)
{
    (void) n;

    if (fork() == 0) {
        ngx_pid = getpid();
        (void) ngx_http_auth_token_zone_lock(zone);
        _exit(0);
    }

    wait(NULL);
    zone->shpool->lock.lock = 0;

    (void) ngx_http_auth_token_zone_lock(zone);
    ngx_http_auth_token_zone_unlock(zone);
}


static void
test_changes(void)
{
    int           i;
    zone_key_t    key;
    zone_query_t  q;

    static const struct {
        const char  *name;
        void       (*f)(int n);
        int          copy;
        int          state;
    } changes[] = {
        { "purge by token", purge_key, 0, ZONE_MISS },
        { "purge by id", purge_link, 0, ZONE_MISS },
        { "purge of the second step", purge_details, 0, ZONE_MISS },
        { "purge by provider", purge_slot, 0, ZONE_MISS },
        { "purge of all", purge_all, 0, ZONE_MISS },
        { "the authority says no", refuse, 0, ZONE_UNKNOWN },
        { "a step that was renewed", renew, 0, ZONE_HIT },
        { "the authority does not answer", fail, 1, ZONE_HIT },
        { "somebody died in the lock", die, 0, ZONE_MISS }
    };

    for (i = 0; i < (int) (sizeof(changes) / sizeof(changes[0])); i++) {
        know(100 + i);
        know(200 + i);
        key = zone_key(zone, 100 + i);
        zone_now += 10;

        ok(copied(key, 2), "%s: copied before", changes[i].name);

        elsewhere(changes[i].f, 100 + i);

        ok(copied(key, 2) == changes[i].copy, "%s: copied after",
           changes[i].name);
        q = zone_query(zone, key, 2);
        ok((int) q.state == changes[i].state, "%s: state %d",
           changes[i].name, (int) q.state);

        if (changes[i].f == renew) {
            is_int(q.hits[1].allowed, 0, "what was renewed is seen");
        }

        if (i < 3) {
            ok(copied(zone_key(zone, 200 + i), 2),
               "%s: another token is as before", changes[i].name);
        }
    }
}


/* nothing has been swept yet: what is found would be thrown away */

static void
purge_link_begin(int n)
{
    ngx_http_auth_token_purge_t  p;

    memset(&p, 0, sizeof(p));

    p.zone = zone;
    p.kind = NGX_HTTP_AUTH_TOKEN_PURGE_LINK;
    p.key = zone_key_of(zone, 0, 1, n);

    ngx_http_auth_token_purge_begin(&p);
}


/* a record of a look-up of one step that has an id of its own */

static void
test_one_step(void)
{
    zone_key_t  key, link;

    key = zone_key(zone, 305);
    link = zone_key_of(zone, 0, 1, 305);
    zone_put(zone, key, cloudflare_record(305, 0, 0), &link, 1);
    zone_query(zone, key, 1);
    ok(copied(key, 1), "a step with an id: copied");
    elsewhere(purge_link_begin, 305);
    is_int(copied(key, 1), 0, "and purged by that");
}


/* records that were there before a purge and looked up after it */

static void
test_again(void)
{
    zone_key_t  key;

    know(300);
    elsewhere(purge_key, 300);
    know(300);
    key = zone_key(zone, 300);
    ok(copied(key, 2), "copied again after a purge");
    elsewhere(purge_key, 300);
    is_int(copied(key, 2), 0, "and purged again");
}


static void
evict(int n)
{
    int               i;
    auth_token_str_t  r;

    (void) n;
    r = zone_record(400, 0);

    for (i = 0; i < 20000; i++) {
        zone_put(zone, zone_key(zone, 1000000 + i), r, NULL, 1);
    }
}


static void
test_full(void)
{
    uint64_t    laps;
    zone_key_t  key;

    know(310);
    key = zone_key(zone, 310);
    ok(copied(key, 2), "before the zone is full");
    elsewhere(evict, 0);
    is_int(copied(key, 2), 0, "when it has gone from the zone");
    is_int(zone_state(zone, key), ZONE_MISS, "which does not have it");

    know(311);
    key = zone_key(zone, 311);
    laps = zone->sh->laps;
    ok(laps >= NGX_HTTP_AUTH_TOKEN_ENTRY_LAP, "laps");
    zone->sh->laps++;
    is_int(copied(key, 2), 0, "a lap later");
    zone_query(zone, key, 2);
    ok(copied(key, 2), "when it was asked for again");
}


int
main(void)
{
    copy_start();

    test_changes();
    test_one_step();
    test_again();
    test_full();

    return done();
}

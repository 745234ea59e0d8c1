/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The zone itself: sizes, reload, another layout, slots of providers, keys,
 * and what is left after somebody died inside the lock.
 */


#include <sys/wait.h>

#include "zone.h"


static zone_t            *zone;
static auth_token_str_t   record;


static void
test_sizes(void)
{
    size_t       size;
    ngx_uint_t   lines;
    const char  *wrong;

    lines = shim_log.lines;
    ok(shim_zone(8192 * 3) == NULL, "24k are too small");
    ok(shim_log.lines == lines + 1, "which is said");

    for (size = 65536; size <= (256 << 20); size *= 4) {
        zone = zone_new(size);
        zone_put(zone, zone_key(zone, 1), record, NULL, 1);
        wrong = zone_check(zone);

        ok(wrong == NULL && zone_state(zone, zone_key(zone, 1)) == ZONE_HIT,
           "%dk work: %d%% for records", (int) (size >> 10),
           (int) ((zone->sh->ring.end - zone->sh->ring.start) * 100
                  / (ssize_t) size));

        munmap(zone->shm_zone->shm.addr, size + ngx_pagesize);
    }
}


static void
test_reload(void)
{
    ngx_shm_zone_t  shm_zone;
    zone_t          next;
    zone_shctx_t   *sh;

    zone = zone_new(1 << 20);
    zone_put(zone, zone_key(zone, 1), record, NULL, 1);

    memset(&next, 0, sizeof(next));
    shm_zone = *zone->shm_zone;
    shm_zone.data = &next;

    is_int(ngx_http_auth_token_zone_init(&shm_zone, zone), NGX_OK, "reloaded");
    ok(next.sh == zone->sh, "it is the same zone");
    is_int(ngx_http_auth_token_zone_slot(&next, zone_fingerprint(0)),
           0, "with the same providers");
    is_int(zone_state(&next, zone_key(&next, 1)), ZONE_HIT,
           "and what was in it");

    /* an old layout, while old workers are at work in it */

    sh = zone->sh;
    sh->layout = NGX_HTTP_AUTH_TOKEN_LAYOUT - 1;
    ok(ngx_http_auth_token_zone_lock(zone) == NULL, "another layout: no lock");
    is_int(zone_state(zone, zone_key(zone, 1)), ZONE_MISS, "nothing found");
    is_int(zone_put(zone, zone_key(zone, 1), record, NULL, 1), NGX_ERROR,
           "nothing stored");
    is_int(zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_ALL, NULL, 0), -1,
           "nothing purged");
    is_int(ngx_http_auth_token_zone_slot(zone, zone_fingerprint(0)),
           -1, "no slot");
    is_int((long long) *zone->shpool->mutex.lock, 0, "and no lock held");

    is_int(ngx_http_auth_token_zone_init(&shm_zone, zone), NGX_OK,
           "reloaded with the new layout");
    is_int((long long) next.sh->entries.count, 0, "it is made anew");
    is_int(ngx_http_auth_token_zone_slot(&next, zone_fingerprint(0)),
           0, "and can be used");
    zone_put(&next, zone_key(&next, 1), record, NULL, 1);
    is_int(zone_state(&next, zone_key(&next, 1)), ZONE_HIT, "at once");
    zone_ok(&next, "after that");
}


static void
test_slots(void)
{
    int           i, same;
    u_char        copy[NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN];
    ngx_uint_t    lines;
    zone_key_t    key;

    zone = zone_new(1 << 20);
    lines = shim_log.lines;
    ngx_current_msec = zone_now;

    for (same = 0, i = 0; i < 128; i++) {
        same += (ngx_http_auth_token_zone_slot(zone, zone_fingerprint(i)) == i);
    }

    is_int(same, 128, "64 providers, and those of before a reload");

    for (same = 0, i = 127; i >= 0; i--) {
        same += (ngx_http_auth_token_zone_slot(zone, zone_fingerprint(i)) == i);
    }

    is_int(same, 128, "found again");

    memcpy(copy, zone_fingerprint(7), sizeof(copy));
    ok(memcmp(zone->sh->slots[7].fingerprint, copy, 16) != 0,
       "fingerprints do not lie in the zone as they are");

    key = zone_key_of(zone, 7, 0, 1);

    zone->sh->slots[7].failures[0] = 3;
    zone->sh->slots[7].closed_until = ngx_current_msec + 1000;

    ngx_current_msec++;

    for (i = 0; i < 128; i++) {
        if (i != 7) {
            (void) ngx_http_auth_token_zone_slot(zone, zone_fingerprint(i));
        }
    }

    is_int(ngx_http_auth_token_zone_slot(zone, zone_fingerprint(128)),
           7, "the one not used for longest makes room");
    ok(zone->sh->slots[7].failures[0] == 0
       && zone->sh->slots[7].closed_until == 0, "with a breaker of its own");
    ok(shim_log.lines == lines, "and nothing is said");
    ok(key.hi != zone_key_of(zone, 7, 0, 1).hi, "its old keys are no more");
}


static void
test_keys(void)
{
    int         i;
    u_char      a[NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN];
    u_char      b[NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN];
    u_char      hash[crypto_generichash_BYTES_MAX];
    ngx_str_t   subject, parts[2];
    zone_key_t  keys[8];
    zone_t     *other;

    static u_char  text[10000];

    zone = zone_new(1 << 20);
    other = shim_zone(1 << 20);
    (void) ngx_http_auth_token_zone_slot(other, zone_fingerprint(0));

    memset(text, 'x', sizeof(text));
    memset(a, 1, sizeof(a));
    memset(b, 2, sizeof(b));

    subject.data = text;
    subject.len = 40;

    ngx_http_auth_token_zone_digest(zone, 0, 0, a, &subject, &keys[0]);
    ngx_http_auth_token_zone_digest(zone, 0, 0, a, &subject, &keys[1]);
    ok(ngx_http_auth_token_key_equal(&keys[0], &keys[1]), "same in, same out");

    ngx_http_auth_token_zone_digest(zone, 0, 1, a, &subject, &keys[1]);
    ngx_http_auth_token_zone_digest(zone, 0, 0, b, &subject, &keys[2]);
    ngx_http_auth_token_zone_digest(other, 0, 0, a, &subject, &keys[3]);

    subject.len = 39;
    ngx_http_auth_token_zone_digest(zone, 0, 0, a, &subject, &keys[4]);
    subject.len = 4097;
    ngx_http_auth_token_zone_digest(zone, 0, 0, a, &subject, &keys[5]);
    text[4096] = 'y';
    ngx_http_auth_token_zone_digest(zone, 0, 0, a, &subject, &keys[6]);
    subject.len = 10000;
    ngx_http_auth_token_zone_digest(zone, 0, 0, a, &subject, &keys[7]);

    for (i = 1; i < 8; i++) {
        ok(keys[i].hi != keys[i - 1].hi && keys[i].lo != keys[i - 1].lo
           && keys[i].hi != keys[0].hi && keys[i].lo != keys[0].lo,
           "step, provider, zone, subject, long subjects: all count (%d)", i);
    }

    crypto_generichash(hash, sizeof(hash), text, subject.len, NULL, 0);
    subject.data = hash;
    subject.len = sizeof(hash);
    ngx_http_auth_token_zone_digest(zone, 0, 0, a, &subject, &keys[0]);
    ok(!ngx_http_auth_token_key_equal(&keys[0], &keys[7]),
       "the hash of a long subject is another subject");

    parts[0].data = text;
    parts[0].len = 2;
    parts[1].data = text + 2;
    parts[1].len = 3;
    ngx_http_auth_token_zone_fingerprint(parts, 2, a);
    parts[0].len = 3;
    parts[1].len = 2;
    ngx_http_auth_token_zone_fingerprint(parts, 2, b);
    ok(memcmp(a, b, sizeof(a)) != 0, "where a part ends counts");
}


/* runs a change that is killed at its n-th place inside the lock; 1: it was */

static int
die_at(int n, int change)
{
    int            status;
    pid_t          pid;
    zone_key_t     key;
    zone_flight_t  f;

    pid = fork();

    if (pid == 0) {
        ngx_pid = getpid();
        ngx_http_auth_token_crash_in = n + 1;

        key = zone_key(zone, 1);
        f = zone_flight(zone, key);

        switch (change) {

        case 0:
            zone_put(zone, zone_key(zone, 99), record, &key, 1);
            break;

        case 1:
            zone_take(&f);
            ngx_http_auth_token_flight_land_refusal(&f, zone_now,
                                                    &zone_waiters);
            break;

        case 2:
            zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_ALL, NULL, 0);
            break;

        case 3:
            zone_state(zone, key);
            break;

        default:
            ngx_http_auth_token_zone_slot(zone, zone_fingerprint(5));
        }

        _exit(0);
    }

    waitpid(pid, &status, 0);

    if (!WIFSIGNALED(status)) {
        return 0;
    }

    /* as the master does for its dead child */

    ngx_shmtx_force_unlock(&zone->shpool->mutex, pid);

    return 1;
}


static void
test_death(void)
{
    int             i, n, change, deaths, whole, budget;
    u_char          secret[NGX_HTTP_AUTH_TOKEN_SECRET];
    ngx_uint_t      lines;
    zone_key_t      key;
    zone_flight_t   f;

    static const char  *changes[] = {
        "a record", "a refusal", "a purge", "a query", "a slot"
    };

    for (change = 0; change < 5; change++) {

        deaths = 0;
        whole = 0;
        budget = 0;

        for (n = 1; n < 1000; n++) {

            zone = zone_new(1 << 20);

            for (i = 0; i < 20; i++) {
                zone_put(zone, zone_key(zone, i + 10), record, NULL, 1);
            }

            zone->sh->slots[0].excess = 12345;
            lines = shim_log.lines;
            key = zone_key(zone, 10);
            memcpy(secret, zone->sh->secret, sizeof(secret));

            if (!die_at(n, change)) {
                break;
            }

            deaths++;

            whole += (zone_state(zone, key) == ZONE_MISS
                      && zone->sh->entries.count == 0
                      && zone->sh->stats.resets == 1
                      && shim_log.lines == lines + 1
                      && memcmp(secret, zone->sh->secret, sizeof(secret))
                      && zone_check(zone) == NULL);

            f = zone_flight(zone, zone_key(zone, 10));
            budget += (zone->sh->slots[0].excess == 12345
                       && zone_key(zone, 10).hi != key.hi
                       && zone_take(&f) == ZONE_LEAD);

            munmap(zone->shm_zone->shm.addr, (1 << 20) + ngx_pagesize);
        }

        ok(deaths >= 2, "%s: death at each of %d places", changes[change],
           deaths);
        is_int(whole, deaths, "the next one finds an empty zone, and says so");
        is_int(budget, deaths, "the provider is still known, and can go on");
    }
}


/* between the lock and the first change nothing is lost */

static void
test_harmless(void)
{
    zone = zone_new(1 << 20);
    zone_put(zone, zone_key(zone, 1), record, NULL, 1);

    ngx_pid = 1;
    ngx_shmtx_lock(&zone->shpool->mutex);
    ngx_pid = getpid();
    ngx_shmtx_force_unlock(&zone->shpool->mutex, 1);

    is_int(zone_state(zone, zone_key(zone, 1)), ZONE_HIT,
           "who dies before a change leaves all as it was");
    is_int((long long) zone->sh->stats.resets, 0, "no reset");
}


int
main(void)
{
    ngx_http_auth_token_crash_in = -1;

    record = zone_record(60, 0);

    test_sizes();
    test_reload();
    test_slots();
    test_keys();
    test_death();
    test_harmless();

    return done();
}

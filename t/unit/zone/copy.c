/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A worker's own copies of what it found.  The failure this file exists for: a
 * token is revoked and purged, or another worker has a newer answer, and a
 * worker goes on with its copy.
 */


#include <sys/wait.h>

#include "cloudflare.h"


#define COPY_WORKERS  4
#define COPY_ROUNDS   2000


static zone_t  *zone;


/* whether a query is answered while somebody else has the lock */

static int
copied(zone_key_t key, int nsteps)
{
    int           found;
    zone_query_t  q;

    memset(&q, 0, sizeof(q));
    zone_pool.used = 0;

    q.zone = zone;
    q.lives = &zone_lives;
    q.nsteps = (ngx_uint_t) nsteps;
    q.addr = &zone_addr;
    q.now = zone_now;
    q.pool = &zone_pool;
    q.key = key;

    /* what would ask the zone hangs, and alarm() ends it */

    zone->shpool->lock.lock = 1;

    found = (ngx_http_auth_token_copy_find(&q) == NGX_OK);

    if (found) {
        q.key = key;
        found = (ngx_http_auth_token_cache_query(&q) == NGX_OK
                 && q.state == ZONE_HIT);
    }

    zone->shpool->lock.lock = 0;

    return found;
}


/* does in another process, which has no copies, what the function does */

static void
elsewhere(void (*f)(int n), int n)
{
    int    status;
    pid_t  pid;

    fflush(stdout);

    pid = fork();

    if (pid == 0) {
        ngx_pid = getpid();
        f(n);
        _exit(0);
    }

    if (waitpid(pid, &status, 0) != pid || status != 0) {
        printf("Bail out! a process failed\n");
        exit(2);
    }
}


/* a token and its details, known here and copied */

static void
know(int n)
{
    zone_key_t  key, link;

    key = zone_key(zone, n);
    link = zone_key_of(zone, 0, 1, n);

    zone_put(zone, link, cloudflare_record(n, 1, 4), NULL, 1);
    zone_put(zone, key, cloudflare_record(n, 0, 0), &link, 1);

    zone_query(zone, key, 2);
}


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


static void
refuse(int n)
{
    zone_flight_t  f;

    /* who renews it may learn that it is no more */

    zone_lives.refresh = 1;
    f = zone_flight(zone, zone_key(zone, n));
    f.refresh = 1;

    if (zone_take(&f) != ZONE_LEAD) {
        _exit(1);
    }

    ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters);
}


static void
renew(int n)
{
    zone_key_t     link;
    zone_flight_t  f;

    zone_lives.refresh = 1;
    f = zone_flight(zone, zone_key_of(zone, 0, 1, n));
    f.refresh = 1;
    link.hi = link.lo = 0;

    if (zone_take(&f) != ZONE_LEAD) {
        _exit(1);
    }

    ngx_http_auth_token_flight_land_record(&f, cloudflare_record(n, 1, 4),
                                           &link, 0, zone_now, &zone_waiters);
}


static void
fail(int n)
{
    zone_flight_t  f;

    zone_lives.refresh = 1;
    f = zone_flight(zone, zone_key(zone, n));
    f.refresh = 1;

    if (zone_take(&f) != ZONE_LEAD) {
        _exit(1);
    }

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

    r = zone_record(NGX_HTTP_AUTH_TOKEN_COPY_RECORD, 0);
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


/*
 * Workers that hit all the time, and one process that stores a version of a
 * record, tells its number, and goes on.  Nobody may see an older one than was
 * told before he asked.  Every other time it purges first, and tells that.
 */

static struct {
    volatile uint64_t  told;
    volatile uint64_t  purged;
    volatile uint64_t  hits;
    volatile uint64_t  copied;
} *race;


static int
race_worker(zone_key_t key)
{
    int           wrong;
    int64_t       seen;
    uint64_t      told, purged;
    zone_query_t  q;

    ngx_pid = getpid();
    wrong = 0;

    while ((told = race->told) < COPY_ROUNDS) {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);

        purged = race->purged;
        zone->hits = 0;
        q = zone_query(zone, key, 1);

        if (q.state != ZONE_HIT) {
            continue;
        }

        __sync_fetch_and_add(&race->hits, 1);
        __sync_fetch_and_add(&race->copied, zone->hits);

        /*
         * the next one may be stored, but not yet told; if the one that was
         * told is purged, it has to be
         */

        seen = q.hits[0].record->expires_on;

        wrong += (race->told == told
                  && seen != (int64_t) ((told + 1) % 16)
                  && (purged > told || seen != (int64_t) (told % 16)));
    }

    return wrong;
}


/* returns how many versions could not be stored */

static int
race_writer(zone_key_t key, auth_token_str_t *versions)
{
    int            n, missed, waits;
    zone_flight_t  f;

    missed = 0;
    waits = 0;

    for (n = 1; n <= COPY_ROUNDS; n++) {

        f = zone_flight(zone, key);

        if (n % 2) {
            zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &key, 0);
            race->purged = (uint64_t) n;

            if (n % 4 == 1) {
                usleep(100);
            }

        } else {
            zone_lives.refresh = 1;
            zone_now += 2;
            f.refresh = 1;
        }

        missed += (zone_take(&f) != ZONE_LEAD);

        ngx_http_auth_token_flight_land_record(&f, versions[n % 16], NULL, 1,
                                               zone_now, &zone_waiters);
        zone_lives.refresh = 0;
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        race->told = (uint64_t) n;

        if (n % 8 == 0) {
            usleep(200);
        }

        /* a busy machine may not have let the others begin yet */

        while (n == COPY_ROUNDS / 2 && race->copied <= 1000
               && waits++ < 5000)
        {
            usleep(1000);
        }
    }

    return missed;
}


static void
test_race(void)
{
    int               i, status, wrong;
    pid_t             pid[COPY_WORKERS];
    zone_key_t        key;
    auth_token_str_t  versions[16];

    race = mmap(NULL, sizeof(*race), PROT_READ|PROT_WRITE,
                MAP_ANON|MAP_SHARED, -1, 0);

    zone_now += 100000;
    key = zone_key(zone, 400);

    /* told by the time of its end; some take the place of the one before */

    for (i = 0; i < 16; i++) {
        versions[i] = zone_record(100 + (size_t) (i % 3 == 0) * 64, 1);
        ((auth_token_record_t *) versions[i].data)->expires_on = i;
    }

    zone_put(zone, key, versions[0], NULL, 1);
    fflush(stdout);

    for (i = 0; i < COPY_WORKERS; i++) {
        pid[i] = fork();

        if (pid[i] == 0) {
            _exit(race_worker(key) ? 1 : 0);
        }
    }

    is_int(race_writer(key, versions), 0, "each version was stored");

    for (wrong = 0, i = 0; i < COPY_WORKERS; i++) {
        waitpid(pid[i], &status, 0);
        wrong += (status != 0);
    }

    printf("# %d versions, %d hits, %d of them from copies\n", COPY_ROUNDS,
           (int) race->hits, (int) race->copied);
    is_int(wrong, 0, "nobody saw an older one");
    ok(race->copied > 1000, "from copies too");
}


int
main(void)
{
    alarm(120);

    ngx_ncpu = 2;
    ngx_http_auth_token_crash_in = -1;

    zone = zone_new(2 << 20);

    test_same();
    test_times();
    test_changes();
    test_one_step();
    test_again();
    test_full();
    test_others();
    test_bounds();
    test_counted();
    test_race();

    return done();
}

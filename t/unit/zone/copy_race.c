/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Workers with copies of a record and one that stores it anew, all the time:
 * one of them goes on with what is older than it was told.
 */


#include "copy.h"


#define COPY_WORKERS  4
#define COPY_ROUNDS   2000


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
    copy_start();

    test_race();

    return done();
}

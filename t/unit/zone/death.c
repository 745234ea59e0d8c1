/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A process is killed in every block of code that it runs while it holds the
 * lock, one after the other, in each thing that is done to a zone.  The next
 * process finds the zone whole, empty if the dead one may have changed it, and
 * can use it.  The compiler tells of the blocks (-fsanitize-coverage=trace-pc).
 * Of long loops it is one block in seven, all with AUTH_TOKEN_EVERY_BLOCK=1.
 */


#include <sys/wait.h>

#include "zone.h"


#define DEATH_KEYS      24
#define DEATH_REFUSED   100
#define DEATH_FAILED    101
#define DEATH_FLYING    102
#define DEATH_NEW       200

/* more blocks than any of them has under the lock */
#define DEATH_MOST      100000

/* from here on loops repeat themselves */
#define DEATH_LONG      256
#define DEATH_STRIDE    7


typedef struct {
    const char  *name;
    void       (*run)(void);
} death_op_t;


static zone_t                       *zone;
static auth_token_str_t              record;
static zone_flight_t                 flying;
static ngx_http_auth_token_limit_t   limit = { 1000, 5000, 1, 1000 };

/* blocks under the lock until the death; 0: none is to be counted */
static long                          death_in;
static int                           death_inside;

static ngx_msec_t                    death_then;


/* it is not told of itself */
#ifdef __clang__
__attribute__((no_sanitize("coverage")))
#else
__attribute__((no_sanitize_coverage))
#endif
void __sanitizer_cov_trace_pc(void);

void
__sanitizer_cov_trace_pc(void)
{
    if (death_in == 0 || death_inside) {
        return;
    }

    death_inside = 1;

    if (*zone->shpool->mutex.lock == (ngx_atomic_uint_t) ngx_pid
        && --death_in == 0)
    {
        (void) kill(ngx_pid, SIGKILL);
    }

    death_inside = 0;
}


static void
op_query_hit(void)
{
    (void) zone_query(zone, zone_key(zone, 3), 2);
}


static void
op_query_refused(void)
{
    (void) zone_query(zone, zone_key(zone, DEATH_REFUSED), 1);
}


static void
op_query_failed(void)
{
    (void) zone_query(zone, zone_key(zone, DEATH_FAILED), 1);
}


static void
op_query_old(void)
{
    zone_now += 3600000;
    (void) zone_query(zone, zone_key(zone, 3), 1);
}


static void
op_take(void)
{
    zone_flight_t  f;

    zone_limit = &limit;

    f = zone_flight(zone, zone_key(zone, DEATH_NEW));
    (void) zone_take(&f);
}


static void
op_wait(void)
{
    zone_flight_t  f;

    f = zone_flight(zone, zone_key(zone, DEATH_FLYING));
    (void) zone_take(&f);
}


static void
op_take_over(void)
{
    zone_now += 2 * ZONE_MS;
    op_wait();
}


static void
op_land_record(void)
{
    zone_key_t  link;

    link = zone_key_of(zone, 0, 1, 1);

    (void) ngx_http_auth_token_flight_land_record(&flying, record, &link, 1,
                                                  zone_now, &zone_waiters);
}


static void
op_land_over_another(void)
{
    zone_flight_t  f;

    f = zone_flight(zone, zone_key(zone, 3));
    f.started = zone_now + 1;

    (void) ngx_http_auth_token_flight_land_record(&f, record, NULL, 1,
                                                  zone_now, &zone_waiters);
}


static void
op_land_refusal(void)
{
    (void) ngx_http_auth_token_flight_land_refusal(&flying, zone_now,
                                                   &zone_waiters);
}


static void
op_land_failure(void)
{
    (void) ngx_http_auth_token_flight_land_failure(&flying, &limit, 1, 3,
                                                   zone_now, &zone_waiters);
}


static void
op_observe(void)
{
    ngx_http_auth_token_flight_observe(&flying, &limit, 1, 10, zone_now);
}


static void
op_purge_token(void)
{
    zone_key_t  key;

    key = zone_key(zone, 3);
    (void) zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &key, 0);
}


static void
op_purge_id(void)
{
    zone_key_t  key;

    key = zone_key_of(zone, 0, 1, 0);
    (void) zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_LINK, &key, 0);
}


static void
op_purge_provider(void)
{
    (void) zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_SLOT, NULL, 0);
}


static void
op_purge_all(void)
{
    (void) zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_ALL, NULL, 0);
}


static void
op_slot(void)
{
    (void) ngx_http_auth_token_zone_slot(zone, zone_fingerprint(7));
}


static void
op_usage(void)
{
    ngx_http_auth_token_usage_t  usage;

    ngx_http_auth_token_zone_usage(zone, &usage);
}


/* somebody died before: this one empties the zone, and dies while it does */

static void
op_reset(void)
{
    zone->sh->dirty = 1;
    op_usage();
}


static const death_op_t  ops[] = {
    { "a hit", op_query_hit },
    { "a refusal", op_query_refused },
    { "a failure", op_query_failed },
    { "an old entry", op_query_old },
    { "a new flight", op_take },
    { "another's flight", op_wait },
    { "a flight that is overdue", op_take_over },
    { "a record that comes", op_land_record },
    { "a record that comes in place of another", op_land_over_another },
    { "a refusal that comes", op_land_refusal },
    { "a failure that comes", op_land_failure },
    { "what the authority says of its budget", op_observe },
    { "a purge of a token", op_purge_token },
    { "a purge of an id", op_purge_id },
    { "a purge of a provider", op_purge_provider },
    { "a purge of all", op_purge_all },
    { "a new provider", op_slot },
    { "the counters", op_usage },
    { "the emptying itself", op_reset }
};


/* records that fill the zone, a refusal, a failure, a look-up under way */

static void
prepare(void)
{
    int            i;
    zone_key_t     link;
    zone_flight_t  f;

    for (i = 0; zone->sh->stats.evictions == 0; i++) {
        link = zone_key_of(zone, 0, 1, i % 4);
        (void) zone_put(zone, zone_key(zone, 1000 + i), record, &link, 1);
    }

    for (i = 0; i < DEATH_KEYS; i++) {
        link = zone_key_of(zone, 0, 1, i % 4);
        (void) zone_put(zone, zone_key(zone, i), record, &link, 1);
    }

    for (i = 0; i < 4; i++) {
        (void) zone_put(zone, zone_key_of(zone, 0, 1, i), record, NULL, 1);
    }

    f = zone_flight(zone, zone_key(zone, DEATH_REFUSED));
    (void) zone_take(&f);
    (void) ngx_http_auth_token_flight_land_refusal(&f, zone_now,
                                                   &zone_waiters);

    f = zone_flight(zone, zone_key(zone, DEATH_FAILED));
    (void) zone_take(&f);
    (void) ngx_http_auth_token_flight_land_failure(&f, NULL, 0, 0, zone_now,
                                                   &zone_waiters);

    flying = zone_flight(zone, zone_key(zone, DEATH_FLYING));
    (void) zone_take(&flying);
}


static void
restore(u_char *snapshot)
{
    memcpy(zone->shm_zone->shm.addr, snapshot, zone->shm_zone->shm.size);
    zone_now = death_then;
}


/* the pid of a process that died in block "n", or 0: it came to its end */

static pid_t
die(const death_op_t *op, long n)
{
    int    status;
    pid_t  pid;

    pid = fork();

    if (pid == 0) {
        alarm(20);
        ngx_pid = getpid();
        death_in = n;
        op->run();
        _exit(0);
    }

    if (pid == -1 || waitpid(pid, &status, 0) != pid) {
        return -1;
    }

    if (WIFSIGNALED(status)) {
        return (WTERMSIG(status) == SIGKILL) ? pid : -1;
    }

    return WEXITSTATUS(status) ? -1 : 0;
}


/*
 * What is wrong with the zone that the dead one left, or NULL; "after": a
 * token is known also when it came to its end.
 */

static const char *
inherit(pid_t pid, int after)
{
    int          dirty, i, found;
    uint64_t     resets;
    const char  *wrong;

    if (!ngx_shmtx_force_unlock(&zone->shpool->mutex, pid)) {
        return "the dead one did not hold the lock";
    }

    dirty = (int) zone->sh->dirty;
    resets = zone->sh->stats.resets;

    found = (zone_state(zone, zone_key(zone, 5)) == ZONE_HIT);

    if (dirty ? found : (!found && after)) {
        return dirty ? "an entry has survived" : "an entry is gone";
    }

    if ((int) (zone->sh->stats.resets - resets) != dirty) {
        return "emptied without need, or not";
    }

    wrong = zone_check(zone);
    if (wrong) {
        return wrong;
    }

    /* nothing is in the way of a look-up, at the latest when its time is up */

    zone_now += 6 * ZONE_MS;

    for (i = 0; i <= DEATH_FLYING; i++) {
        if (zone_state(zone, zone_key(zone, i)) != ZONE_HIT
            && zone_put(zone, zone_key(zone, i), record, NULL, 1) != NGX_OK)
        {
            return "a key is stuck";
        }
    }

    return zone_check(zone);
}


int
main(void)
{
    int          after, deaths;
    long         n, stride;
    u_char      *snapshot;
    pid_t        pid;
    size_t       i, size;
    const char  *wrong;

    ngx_http_auth_token_crash_in = -1;

    stride = getenv("AUTH_TOKEN_EVERY_BLOCK") ? 1 : DEATH_STRIDE;

    zone = zone_new(128 << 10);
    record = zone_record(3000, 3);

    prepare();

    if (!zone_ok(zone, "in the beginning")) {
        return done();
    }

    size = zone->shm_zone->shm.size;
    snapshot = malloc(size);

    if (snapshot == NULL) {
        printf("Bail out! no memory\n");
        return 2;
    }

    memcpy(snapshot, zone->shm_zone->shm.addr, size);
    death_then = zone_now;

    for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {

        restore(snapshot);

        wrong = (die(&ops[i], DEATH_MOST) == 0) ? NULL : "it failed";
        after = (zone_state(zone, zone_key(zone, 5)) == ZONE_HIT);

        deaths = 0;

        for (n = 1;
             n < DEATH_MOST && wrong == NULL;
             n += (n < DEATH_LONG) ? 1 : stride)
        {
            restore(snapshot);

            pid = die(&ops[i], n);

            if (pid == 0) {
                break;
            }

            deaths++;
            wrong = (pid == -1) ? "it hung, or crashed"
                                : inherit(pid, after);
        }

        ok(wrong == NULL && deaths > 3 && n < DEATH_MOST,
           "%s: %d deaths, of blocks up to %ld", ops[i].name, deaths, n - 1);

        if (wrong) {
            printf("# in the last of them: %s\n", wrong);
        }
    }

    free(snapshot);

    return done();
}

/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Four processes at work in one zone, killed inside the lock again and again.
 * No query may ever find what belongs to another key, every process must come
 * to its end, and the zone must be whole after each death.
 */


#include <sys/wait.h>

#include "zone.h"


#define STRESS_PROCESSES  4
#define STRESS_KEYS       500
#define STRESS_ROUNDS     20000
#define STRESS_DEATHS     300


/* shared by the processes */

typedef struct {
    uint64_t       wrong;
    uint64_t       found;
    uint64_t       landed;
    uint64_t       purges;
} stress_t;


static zone_t           *zone;
static stress_t         *stress;
static uint64_t          stress_seed;
static auth_token_str_t  stress_records[STRESS_KEYS];

/* statuses of processes, not more than there are at a time */
static volatile int       stress_ended[STRESS_PROCESSES];
static volatile unsigned  stress_nended;


static unsigned
stress_random(unsigned n)
{
    stress_seed = stress_seed * 6364136223846793005u + 1442695040888963407u;

    return (unsigned) (stress_seed >> 33) % n;
}


/* a record whose document tells its key by its length, of many sizes */

static size_t
stress_size(int n)
{
    return 24 + (size_t) n * 7;
}


static void
stress_query(int n)
{
    zone_query_t      q;
    auth_token_str_t  doc;

    q = zone_query(zone, zone_key(zone, n), 1);

    if (q.state != ZONE_HIT) {
        return;
    }

    doc = auth_token_record_doc(q.hits[0].record);

    if (doc.len != auth_token_record_doc(
                       (auth_token_record_t *) stress_records[n].data).len
        || q.hits[0].address != AUTH_TOKEN_ADDRESS_ADMITTED
        || q.hits[0].age > zone_lives.valid)
    {
        __sync_fetch_and_add(&stress->wrong, 1);
    }

    __sync_fetch_and_add(&stress->found, 1);
}


static void
stress_lookup(int n)
{
    zone_key_t     link;
    zone_flight_t  f;

    f = zone_flight(zone, zone_key(zone, n));

    if (zone_take(&f) != ZONE_LEAD) {
        return;
    }

    switch (stress_random(12)) {

    case 0:
        ngx_http_auth_token_flight_land_refusal(&f, zone_now, &zone_waiters);
        break;

    case 1:
        ngx_http_auth_token_flight_land_failure(&f, zone_limit, 0, 0, zone_now,
                                                &zone_waiters);
        break;

    case 2:
        /* the leader forgets it: its deadline has to help */
        break;

    default:
        link = zone_key_of(zone, 0, 1, n / 4);
        ngx_http_auth_token_flight_land_record(&f, stress_records[n], &link, 1,
                                               zone_now, &zone_waiters);
        __sync_fetch_and_add(&stress->landed, 1);
    }
}


static void
stress_purge(int n)
{
    zone_key_t  key;

    switch (stress_random(8)) {

    case 0:
        zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_ALL, NULL, 0);
        break;

    case 1:
        zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_SLOT, NULL, 0);
        break;

    case 2:
    case 3:
        key = zone_key_of(zone, 0, 1, n / 4);
        zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_LINK, &key, 0);
        break;

    default:
        key = zone_key(zone, n);
        zone_purge(zone, NGX_HTTP_AUTH_TOKEN_PURGE_KEY, &key, 0);
    }

    __sync_fetch_and_add(&stress->purges, 1);
}


/* "death": a place inside the lock to die at, or 0 */

static pid_t
stress_process(int number, int death)
{
    int    i, n;
    pid_t  pid;

    fflush(stdout);

    pid = fork();

    if (pid != 0) {
        return pid;
    }

    /* nothing here takes long: who hangs is killed, and the test fails */
    alarm(60);
    signal(SIGCHLD, SIG_DFL);

    ngx_pid = getpid();
    stress_seed = (uint64_t) number * 7919 + 1;
    ngx_http_auth_token_crash_in = death ? death + 1 : -1;

    for (i = 0; i < STRESS_ROUNDS; i++) {
        n = (int) stress_random(STRESS_KEYS);

        switch (stress_random(20)) {

        case 0:
            zone_now += stress_random(400);
            break;

        case 1:
            if (stress_random(40) == 0) {
                stress_purge(n);
            }
            break;

        case 2:
        case 3:
        case 4:
        case 5:
        case 6:
            stress_lookup(n);
            break;

        default:
            stress_query(n);
        }
    }

    _exit(0);
}


/* as nginx's master does: at once, since it may wait for the lock itself */

static void
stress_reap(int signo)
{
    int    status, saved;
    pid_t  pid;

    (void) signo;

    saved = errno;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        ngx_shmtx_force_unlock(&zone->shpool->mutex, pid);
        stress_ended[stress_nended++ % STRESS_PROCESSES] = status;
    }

    errno = saved;
}


/* the status of a process that ended, in turn */

static int
stress_wait(void)
{
    sigset_t  chld, before;

    static unsigned  n;

    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, &before);

    while (n == stress_nended) {
        sigsuspend(&before);
    }

    sigprocmask(SIG_SETMASK, &before, NULL);

    return stress_ended[n++ % STRESS_PROCESSES];
}


int
main(void)
{
    int          i, status, running, ended, deaths, whole, number, hung;
    const char  *wrong;

    ngx_ncpu = 2;
    ngx_http_auth_token_crash_in = -1;

    zone = zone_new(256 << 10);
    zone_lives.refresh = 30000;

    stress = mmap(NULL, sizeof(stress_t), PROT_READ|PROT_WRITE,
                  MAP_ANON|MAP_SHARED, -1, 0);

    for (i = 0; i < STRESS_KEYS; i++) {
        stress_records[i] = zone_record(stress_size(i), (size_t) i % 5);
    }

    deaths = 0;
    ended = 0;
    whole = 0;
    hung = 0;

    signal(SIGCHLD, stress_reap);

    for (number = 0; number < STRESS_PROCESSES; number++) {
        stress_process(number, number * 1000 + 100);
    }

    running = STRESS_PROCESSES;
    stress_seed = 42;

    while (running) {
        status = stress_wait();

        if (!WIFSIGNALED(status)) {
            running--;
            ended++;
            continue;
        }

        if (WTERMSIG(status) != SIGKILL) {
            hung++;
            running--;
            continue;
        }

        deaths++;

        (void) ngx_http_auth_token_zone_lock(zone);
        wrong = zone_check_content(zone->sh);
        ngx_http_auth_token_zone_unlock(zone);

        whole += (wrong == NULL);

        if (wrong) {
            printf("# after death %d: %s\n", deaths, wrong);
        }

        stress_process(number++, (deaths < STRESS_DEATHS)
                                     ? 50 + (int) stress_random(4000) : 0);
    }

    printf("# %d deaths, %d found, %d stored, %d purges, %d resets\n", deaths,
           (int) stress->found, (int) stress->landed, (int) stress->purges,
           (int) zone->sh->stats.resets);

    is_int(hung, 0, "no process hung or crashed");
    is_int(ended, STRESS_PROCESSES, "every process came to its end");
    ok(deaths >= STRESS_DEATHS - 10, "after %d deaths", deaths);
    is_int(whole, deaths, "the zone was whole after each");
    is_int((long long) stress->wrong, 0, "nobody found what was not his");
    ok(stress->found > 10000 && stress->landed > 10000, "they found a lot");

    is_int((long long) zone->sh->stats.resets, deaths, "a reset for a death");
    zone_ok(zone, "in the end");

    /* no key is stuck */

    zone_now += 3600000;

    for (running = 0, i = 0; i < STRESS_KEYS; i++) {
        running += (zone_put(zone, zone_key(zone, i), stress_records[0], NULL,
                             1) == NGX_OK);
    }

    is_int(running, STRESS_KEYS, "every key can be looked up");

    return done();
}

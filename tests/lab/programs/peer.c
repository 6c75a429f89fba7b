/*
 * The C library's getaddrinfo, seen from outside: the same program is linked to glibc and to musl.
 *
 * usage: peer [-4|-6] [-f FLAGS] [-p SERVICE] [-s SOCKTYPE] [-t THREADS] NAME...
 *
 * Prints one JSON document: {"libc": ..., "seconds": total, "lookups": [{"name", "seconds", "error", "text",
 * "rows": [[family, type, protocol, canonname or null, address, port, scope], ...]}, ...]}, in the order
 * of the names. "error" is getaddrinfo's return value, "text" is gai_strerror's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef __GLIBC__
#define LIBC "glibc"
#else
#define LIBC "musl"
#endif

struct lookup {
    const char *name;
    int error;
    double seconds;
    struct addrinfo *rows;
};

static struct lookup *lookups;
static int count, next;
static struct addrinfo hints;
static const char *service;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards next */

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int take(void)
{
    int index;
    pthread_mutex_lock(&lock);
    index = next++;
    pthread_mutex_unlock(&lock);
    return index;
}

static void *work(void *unused)
{
    int index;
    (void)unused;
    while ((index = take()) < count) {
        struct lookup *one = &lookups[index];
        double start = now();
        one->error = getaddrinfo(one->name, service, &hints, &one->rows);
        one->seconds = now() - start;
    }
    return NULL;
}

static void print_string(const char *text)
{
    if (!text) {
        fputs("null", stdout);
        return;
    }
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 32 || c > 126 || c == '"' || c == '\\')
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print_row(const struct addrinfo *row)
{
    char address[INET6_ADDRSTRLEN] = "";
    unsigned port = 0, scope = 0;

    if (row->ai_family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)row->ai_addr;
        inet_ntop(AF_INET, &in->sin_addr, address, sizeof address);
        port = ntohs(in->sin_port);
    } else {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)row->ai_addr;
        inet_ntop(AF_INET6, &in6->sin6_addr, address, sizeof address);
        port = ntohs(in6->sin6_port);
        scope = in6->sin6_scope_id;
    }
    printf("[%d, %d, %d, ", row->ai_family, row->ai_socktype, row->ai_protocol);
    print_string(row->ai_canonname);
    printf(", \"%s\", %u, %u]", address, port, scope);
}

static void print_lookup(const struct lookup *one)
{
    const struct addrinfo *row;
    fputs("{\"name\": ", stdout);
    print_string(one->name);
    printf(", \"seconds\": %.6f, \"error\": %d, \"text\": ", one->seconds, one->error);
    print_string(one->error ? gai_strerror(one->error) : NULL);
    fputs(", \"rows\": [", stdout);
    for (row = one->rows; row; row = row->ai_next) {
        print_row(row);
        if (row->ai_next)
            fputs(", ", stdout);
    }
    fputs("]}", stdout);
}

static int read_options(int argc, char **argv)
{
    int option, threads = 1;
    hints.ai_socktype = SOCK_STREAM;
    while ((option = getopt(argc, argv, "46f:p:s:t:")) != -1) {
        switch (option) {
        case '4': hints.ai_family = AF_INET; break;
        case '6': hints.ai_family = AF_INET6; break;
        case 'f': hints.ai_flags = atoi(optarg); break;
        case 'p': service = optarg; break;
        case 's': hints.ai_socktype = atoi(optarg); break;
        case 't': threads = atoi(optarg); break;
        default: exit(2);
        }
    }
    return threads;
}

int main(int argc, char **argv)
{
    int index, threads = read_options(argc, argv);
    pthread_t *ids = calloc(threads, sizeof *ids);
    double start = now();

    count = argc - optind;
    lookups = calloc(count + 1, sizeof *lookups);
    for (index = 0; index < count; index++)
        lookups[index].name = argv[optind + index];
    for (index = 0; index < threads; index++)
        if (pthread_create(&ids[index], NULL, work, NULL))
            return 1;
    for (index = 0; index < threads; index++)
        pthread_join(ids[index], NULL);
    printf("{\"libc\": \"%s\", \"seconds\": %.6f, \"lookups\": [", LIBC, now() - start);
    for (index = 0; index < count; index++) {
        if (index)
            fputs(",\n", stdout);
        print_lookup(&lookups[index]);
    }
    puts("]}");
    return 0;
}

/*
 * Holds every packet that is routed into a tun device back for a set time, then gives it to the kernel
 * again through the same device, in order. Runs in the node's namespace; ends with its process group.
 *
 * usage: delay DEVICE MICROSECONDS      prints one line when the device is there
 *
 * It delays one direction by the whole round trip: a peer cannot tell that from half in each.
 * The timestamp is taken when a packet is read, so the packets of a burst keep their distances and
 * throughput is bounded by the number of slots alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 8192
#define MTU 2048

struct slot {
    int64_t due;
    ssize_t length;
    char data[MTU];
};

static struct slot queue[SLOTS];

static int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int open_device(const char *name)
{
    struct ifreq request;
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (fd < 0)
        return -1;
    memset(&request, 0, sizeof request);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(fd, TUNSETIFF, &request) < 0)
        return -1;
    return fd;
}

static void run_soon(void)
{
    /* Without these the kernel wakes us up to 50 us late, or after someone else's time slice. */
    struct sched_param parameters = {.sched_priority = 1};
    prctl(PR_SET_TIMERSLACK, 1);
    sched_setscheduler(0, SCHED_FIFO, &parameters);
}

static void wait_for(int fd, int full, int64_t due)
{
    struct pollfd watched = {.fd = fd, .events = full ? 0 : POLLIN};
    struct timespec left = {0, 0};
    int64_t ns = due - now_ns();
    if (due && ns > 0) {
        left.tv_sec = ns / 1000000000;
        left.tv_nsec = ns % 1000000000;
    }
    ppoll(&watched, 1, due ? &left : NULL, NULL);
}

int main(int argc, char **argv)
{
    unsigned head = 0, tail = 0;
    int64_t delay_ns;
    int fd;

    if (argc != 3) {
        fprintf(stderr, "usage: delay DEVICE MICROSECONDS\n");
        return 2;
    }
    delay_ns = atoll(argv[2]) * 1000;
    if ((fd = open_device(argv[1])) < 0) {
        perror(argv[1]);
        return 1;
    }
    run_soon();
    puts("ready");
    fflush(stdout);
    for (;;) {
        wait_for(fd, head - tail == SLOTS, head == tail ? 0 : queue[tail % SLOTS].due);
        while (head - tail < SLOTS) {
            struct slot *slot = &queue[head % SLOTS];
            slot->length = read(fd, slot->data, MTU);
            if (slot->length < 0 && errno != EAGAIN && errno != EINTR)
                return 1; /* the device is gone */
            if (slot->length <= 0)
                break;
            slot->due = now_ns() + delay_ns;
            head++;
        }
        while (head != tail && queue[tail % SLOTS].due <= now_ns()) {
            struct slot *slot = &queue[tail % SLOTS];
            if (write(fd, slot->data, slot->length) < 0 && errno == EAGAIN)
                break;
            tail++;
        }
    }
}

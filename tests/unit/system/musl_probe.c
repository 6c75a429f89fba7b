/* Prints what musl makes of /etc/resolv.conf, or of names under /etc/hosts. Linked statically, which lets it call
   musl's own reader of resolv.conf. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

struct address {
	int family;
	unsigned scopeid;
	unsigned char addr[16];
	int sortkey;
};

struct resolvconf {
	struct address ns[3];
	unsigned nns, attempts, ndots, timeout;
};

int __get_resolv_conf(struct resolvconf *, char *, size_t);

static void resolv_conf(void)
{
	struct resolvconf conf;
	char search[256], text[64];
	if (__get_resolv_conf(&conf, search, sizeof search)) exit(1);
	printf("%u %u %u\n%s\n", conf.ndots, conf.timeout, conf.attempts, search);
	for (unsigned i = 0; i < conf.nns; i++) {
		struct address *ns = conf.ns + i;
		printf("%d %s %u\n", ns->family, inet_ntop(ns->family, ns->addr, text, sizeof text), ns->scopeid);
	}
}

static void lookup(const char *name, int family)
{
	struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *found;
	char text[64];
	int error = getaddrinfo(name, 0, &hints, &found);
	if (error) {
		printf("error %d\n", error);
		return;
	}
	getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, 0, 0, NI_NUMERICHOST);
	printf("%s\n", text);
}

int main(int argc, char **argv)
{
	if (argc == 1) resolv_conf();
	for (int i = 1; i + 1 < argc; i += 2) lookup(argv[i], atoi(argv[i + 1]));
	return 0;
}

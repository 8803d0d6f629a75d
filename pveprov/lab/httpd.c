#include "lab/httpd.h"
#include "lab/api_table.h"
#include "lab/dispatch.h"
#include "lab/tls.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum {
	IDLE_S = 5,
	REQUESTS_PER_CONNECTION = 100,
	BODY_MAX = 4 << 20, /* what the library reads; Proxmox's own limits are in dispatch.c */
};

/* How many requests a connection has carried. */
struct connection {
	struct evhttp_connection *http;
	int n_requests;
	struct connection *next;
};

struct httpd {
	struct lab *lab;
	struct evhttp *http;
	struct tls tls;
	struct connection *connections;
	char *endpoint; /* https://127.0.0.1:8006 */
	char *host;
	uint16_t port;
	struct evhttp_bound_socket *bound; /* NULL: the firewall lets nobody in */
};

/* An answer is written in two pieces: without Nagle's algorithm the second does not wait 40 ms for
 * the client's delayed acknowledgement of the first. Connections inherit the option. */
static struct evhttp_bound_socket *open_door(struct httpd *h)
{
	struct evhttp_bound_socket *b = evhttp_bind_socket_with_handle(h->http, h->host, h->port);
	int one = 1;

	if (b)
		setsockopt(evhttp_bound_socket_get_fd(b), IPPROTO_TCP, TCP_NODELAY, &one,
			   sizeof(one));
	return b;
}

static struct bufferevent *on_accept(struct event_base *base, void *ctx)
{
	struct httpd *h = ctx;
	SSL *ssl = SSL_new(h->tls.ctx);
	struct bufferevent *b = bufferevent_openssl_socket_new(
		base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);

	bufferevent_openssl_set_allow_dirty_shutdown(b, 1);
	return b;
}

static void on_close(struct evhttp_connection *c, void *ctx)
{
	struct httpd *h = ctx;

	for (struct connection **p = &h->connections; *p; p = &(*p)->next)
		if ((*p)->http == c) {
			struct connection *gone = *p;
			*p = gone->next;
			free(gone);
			return;
		}
}

static struct connection *find_connection(struct httpd *h, struct evhttp_connection *c)
{
	struct connection *n;

	for (n = h->connections; n; n = n->next)
		if (n->http == c)
			return n;
	n = xcalloc(1, sizeof(*n));
	n->http = c;
	n->next = h->connections;
	h->connections = n;
	evhttp_connection_set_closecb(c, on_close, h);
	return n;
}

static void on_request(struct evhttp_request *http, void *ctx)
{
	struct httpd *h = ctx;
	struct request *q = xcalloc(1, sizeof(*q));

	q->lab = h->lab;
	q->http = http;
	q->arrived_ms = lab_now_ms(h->lab);
	q->param = json_object();
	if (evhttp_request_get_connection(http))
		find_connection(h, evhttp_request_get_connection(http))->n_requests++;
	dispatch(q);
}

static bool last_of_connection(const struct request *q)
{
	struct evhttp_connection *c = evhttp_request_get_connection(q->http);

	return c && find_connection(q->lab->httpd, c)->n_requests >= REQUESTS_PER_CONNECTION;
}

static void add_headers(struct request *q, int status, enum httpd_body kind)
{
	struct evkeyvalq *h = evhttp_request_get_output_headers(q->http);

	if (status >= 400 || last_of_connection(q)) {
		evhttp_add_header(h, "Connection", "close");
	} else {
		/* The blank keeps libevent from closing; parsers of header fields drop it (RFC
		 * 9110, 5.5). */
		if (q->endpoint && q->endpoint->is_protected)
			evhttp_add_header(h, "Connection", "close ");
		evhttp_add_header(h, "Connection", "Keep-Alive");
	}
	evhttp_add_header(h, "Cache-Control", "max-age=0");
	evhttp_add_header(h, "Pragma", "no-cache");
	evhttp_add_header(h, "Server", "pve-api-daemon/3.0");
	if (kind == HTTPD_JSON)
		evhttp_add_header(h, "Content-Type", "application/json;charset=UTF-8");
}

void httpd_send(struct request *q, int status, const char *reason, enum httpd_body kind,
		const char *body, size_t len)
{
	char *phrase = xstrndup(reason, strcspn(reason, "\r\n"));
	struct evbuffer *b = evbuffer_new();

	if (q->cut) {
		evbuffer_free(b);
		free(phrase);
		httpd_drop(q);
		return;
	}
	add_headers(q, status, kind);
	if (kind == HTTPD_NO_BODY)
		q->http->type = EVHTTP_REQ_HEAD; /* libevent then adds neither length nor type */
	else
		evbuffer_add(b, body, len);
	evhttp_send_reply(q->http, status, phrase, b);
	evbuffer_free(b);
	free(phrase);
	request_free(q);
}

void httpd_drop(struct request *q)
{
	struct evhttp_connection *c = evhttp_request_get_connection(q->http);

	if (c)
		shutdown(bufferevent_getfd(evhttp_connection_get_bufferevent(c)), SHUT_RDWR);
	evhttp_add_header(evhttp_request_get_output_headers(q->http), "Connection", "close");
	evhttp_send_reply(q->http, 500, "dropped", NULL);
	request_free(q);
}

static int parse_listen(const char *listen, char **ret_host, uint16_t *ret_port, struct err **err)
{
	const char *colon = strrchr(listen, ':');
	uint64_t port;

	if (!colon || !text_to_u64(colon + 1, 0, 65535, &port))
		return err_set(err, ERR_USAGE, "listen address '%s' is not ADDRESS:PORT", listen);
	*ret_host = *listen == '[' && colon > listen + 1
			    ? xstrndup(listen + 1, (size_t)(colon - listen) - 2)
			    : xstrndup(listen, (size_t)(colon - listen));
	*ret_port = (uint16_t)port;
	return 0;
}

static int bound_port(struct evhttp_bound_socket *s)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);

	if (getsockname(evhttp_bound_socket_get_fd(s), (struct sockaddr *)&a, &len))
		return 0;
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
					     : ((struct sockaddr_in *)&a)->sin_port);
}

int httpd_open(struct lab *l, const char *listen, struct httpd **ret, struct err **err)
{
	struct httpd *h = xcalloc(1, sizeof(*h));
	int result = -1;

	h->lab = l;
	h->http = evhttp_new(l->base);
	evhttp_set_bevcb(h->http, on_accept, h);
	evhttp_set_gencb(h->http, on_request, h);
	evhttp_set_timeout(h->http, IDLE_S);
	evhttp_set_max_body_size(h->http, BODY_MAX);
	evhttp_set_max_headers_size(h->http, 16384);
	evhttp_set_default_content_type(h->http, NULL);
	evhttp_set_allowed_methods(h->http, 0x1ff); /* each gets Proxmox's answer, not libevent's */
	if (parse_listen(listen, &h->host, &h->port, err) ||
	    tls_make(l->state_dir, l->node, &h->tls, err))
		goto out;
	h->bound = open_door(h);
	if (!h->bound) {
		err_set_errno(err, ERR_CONFLICT, "cannot listen on '%s'", listen);
		goto out;
	}
	h->port = (uint16_t)bound_port(h->bound);
	h->endpoint = xasprintf(strchr(h->host, ':') ? "https://[%s]:%d" : "https://%s:%d", h->host,
				h->port);
	*ret = TAKE_PTR(h);
	result = 0;
out:
	httpd_free(h);
	return result;
}

void httpd_door(struct httpd *h, bool open)
{
	if (open == (h->bound != NULL))
		return;
	if (!open) {
		evhttp_del_accept_socket(h->http, h->bound);
		h->bound = NULL;
		return;
	}
	h->bound = open_door(h);
	if (!h->bound)
		log_warning(h->lab->log, "cannot listen again on %s", h->endpoint);
}

void httpd_describe(const struct httpd *h, json_t *into)
{
	json_object_set_new(into, "endpoint", json_string(h->endpoint));
	json_object_set_new(into, "fingerprint", json_string(h->tls.fingerprint));
	json_object_set_new(into, "ca", json_string(h->tls.ca_path));
}

const char *httpd_endpoint(const struct httpd *h)
{
	return h->endpoint;
}

struct httpd *httpd_free(struct httpd *h)
{
	if (!h)
		return NULL;
	if (h->http)
		evhttp_free(h->http);
	while (h->connections)
		on_close(h->connections->http, h);
	tls_clear(&h->tls);
	free(h->endpoint);
	free(h->host);
	free(h);
	return NULL;
}

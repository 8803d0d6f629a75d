#include "lab/tap.h"
#include "base/text.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A call that waits for its line. */
struct waiting {
	int64_t id;
	struct request *q;
	route_fn *next_fn;
	struct waiting *next;
};

struct tap {
	struct bufferevent *line; /* NULL: the far end is closed */
	struct waiting *first;
	int64_t n; /* calls told */
};

static void go(struct waiting *w)
{
	struct request *q = w->q;
	route_fn *next = w->next_fn;

	free(w);
	next(q);
}

static void on_line(struct bufferevent *b, void *ctx)
{
	struct tap *t = ctx;
	char *text;

	while ((text = evbuffer_readln(bufferevent_get_input(b), NULL, EVBUFFER_EOL_LF))) {
		struct waiting **p = &t->first;
		uint64_t id = 0;
		bool known = text_to_u64(text, 1, INT64_MAX, &id);
		free(text);
		while (*p && (*p)->id != (int64_t)id)
			p = &(*p)->next;
		if (!known || !*p)
			continue;
		struct waiting *w = *p;
		*p = w->next;
		go(w);
	}
}

static void on_end(struct bufferevent *b, short what UNUSED, void *ctx)
{
	struct tap *t = ctx;

	bufferevent_free(b);
	t->line = NULL;
	while (t->first) {
		struct waiting *w = t->first;
		t->first = w->next;
		go(w);
	}
}

int tap_open(struct lab *l, struct tap **ret, struct err **err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const char *path = l->world->tap;
	_cleanup_close_ int fd = -1;

	*ret = NULL;
	if (!path)
		return 0;
	if (strlen(path) >= sizeof(at.sun_path))
		return err_set(err, ERR_INTERNAL,
			       "the path of the tap is longer than %zu bytes: '%s'",
			       sizeof(at.sun_path) - 1, path);
	memcpy(at.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return err_set_errno(err, ERR_UNREACHABLE, "nobody listens at the tap '%s'", path);
	evutil_make_socket_nonblocking(fd);
	struct tap *t = xcalloc(1, sizeof(*t));
	t->line = bufferevent_socket_new(l->base, TAKE_FD(fd), BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(t->line, on_line, NULL, on_end, t);
	bufferevent_enable(t->line, EV_READ | EV_WRITE);
	*ret = t;
	return 0;
}

struct tap *tap_free(struct tap *t)
{
	if (!t)
		return NULL;
	if (t->line)
		bufferevent_free(t->line);
	while (t->first) {
		struct waiting *w = t->first;
		t->first = w->next;
		request_free(w->q);
		free(w);
	}
	free(t);
	return NULL;
}

static void tell(struct tap *t, const struct request *q)
{
	/* logins carry passwords */
	json_t *param = starts_with(q->path, "/access/") ? json_object() : json_incref(q->param);
	json_t *o = json_pack("{s:I, s:s*, s:s, s:s, s:o}", "id", (json_int_t)++t->n, "who",
			      q->who.id, "method", q->method, "path", q->path, "param", param);
	char *text = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);

	evbuffer_add_printf(bufferevent_get_output(t->line), "%s\n", text);
	free(text);
	json_decref(o);
}

void tap_request(struct request *q, route_fn *next)
{
	struct tap *t = q->lab->tap;

	if (!t || !t->line) {
		next(q);
		return;
	}
	tell(t, q);
	if (streq(q->method, "GET")) {
		next(q);
		return;
	}
	struct waiting *w = xcalloc(1, sizeof(*w));
	*w = (struct waiting){ .id = t->n, .q = q, .next_fn = next, .next = t->first };
	t->first = w;
}

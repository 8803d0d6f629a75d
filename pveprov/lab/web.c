#include "lab/web.h"
#include "base/fs.h"
#include "lab/netns.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

enum { PORT = 80, REQUEST_TIMEOUT_S = 30 };
static const char prefix[] = "/debian/";
static const char page[] = "hello from the lab's made-up internet\n";

struct web {
	char *repository;
	struct event_base *base;
	struct evhttp *http;
	struct event *stop;
	int stop_fd;
	pthread_t thread;
};

char *web_file(const char *root, const char *path)
{
	if (!starts_with(path, prefix))
		return NULL;
	size_t len;
	_cleanup_free_ char *name = evhttp_uridecode(path + strlen(prefix), 0, &len);

	/* The repository is flat: a file, or a file of "./". */
	if (!name || strlen(name) != len)
		return NULL;
	const char *file = starts_with(name, "./") ? name + 2 : name;
	if (!*file || *file == '.' || strchr(file, '/'))
		return NULL;
	return fs_join(root, file);
}

static void answer_file(struct evhttp_request *req, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		closep(&fd);
		evhttp_send_error(req, HTTP_NOTFOUND, NULL);
		return;
	}
	struct evbuffer *body = evbuffer_new();
	evbuffer_add_file(body, fd, 0, st.st_size); /* takes the descriptor */
	evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type",
			  "application/octet-stream");
	evhttp_send_reply(req, HTTP_OK, "OK", body);
	evbuffer_free(body);
}

static void on_request(struct evhttp_request *req, void *arg)
{
	const struct web *w = arg;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	_cleanup_free_ char *file = path ? web_file(w->repository, path) : NULL;

	if (file) {
		answer_file(req, file);
		return;
	}
	struct evbuffer *body = evbuffer_new();
	evbuffer_add(body, page, strlen(page));
	evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type", "text/plain");
	evhttp_send_reply(req, path && starts_with(path, prefix) ? HTTP_NOTFOUND : HTTP_OK, NULL,
			  body);
	evbuffer_free(body);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void *serve(void *arg)
{
	event_base_dispatch(((struct web *)arg)->base);
	return NULL;
}

int web_open(int netns, const char *repository, struct web **ret, struct err **err)
{
	/* Both families. */
	const struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	_cleanup_close_ int fd = netns_listen(netns, (const struct sockaddr *)&any, sizeof(any));

	if (fd < 0)
		return err_set_errno(err, ERR_INTERNAL, "the web server cannot listen on port %d",
				     PORT);
	struct web *w = xcalloc(1, sizeof(*w));
	w->repository = xstrdup(repository);
	w->base = event_base_new();
	w->http = evhttp_new(w->base);
	evhttp_set_timeout(w->http, REQUEST_TIMEOUT_S);
	evhttp_set_allowed_methods(w->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_gencb(w->http, on_request, w);
	evhttp_accept_socket(w->http, TAKE_FD(fd));
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	w->stop = event_new(w->base, w->stop_fd, EV_READ, on_stop, w->base);
	event_add(w->stop, NULL);
	if (pthread_create(&w->thread, NULL, serve, w) != 0)
		abort(); /* no memory for a thread is no memory */
	*ret = w;
	return 0;
}

struct web *web_free(struct web *w)
{
	const uint64_t one = 1;

	if (!w)
		return NULL;
	ssize_t ignored UNUSED = write(w->stop_fd, &one, sizeof(one));
	pthread_join(w->thread, NULL);
	event_free(w->stop);
	evhttp_free(w->http);
	event_base_free(w->base);
	close(w->stop_fd);
	free(w->repository);
	free(w);
	return NULL;
}

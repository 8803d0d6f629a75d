#include "lab/jobs.h"

#include <event2/event.h>
#include <pthread.h>
#include <sys/eventfd.h>

struct entry {
	struct entry *next;
	job_fn *fn;
	void *arg;
};

/* First in, first out. */
struct queue {
	struct entry *head, **tail;
};

struct jobs {
	pthread_mutex_t mutex;
	pthread_cond_t work;
	struct queue submitted, posted;
	bool ending;
	int wake_fd;
	struct event *wake;
	pthread_t *threads;
	size_t n_threads;
};

static void push(struct queue *q, job_fn *fn, void *arg)
{
	struct entry *e = xcalloc(1, sizeof(*e));

	e->fn = fn;
	e->arg = arg;
	*q->tail = e;
	q->tail = &e->next;
}

static struct entry *pop(struct queue *q)
{
	struct entry *e = q->head;

	if (e) {
		q->head = e->next;
		if (!q->head)
			q->tail = &q->head;
	}
	return e;
}

static void *worker(void *arg)
{
	struct jobs *j = arg;

	pthread_mutex_lock(&j->mutex);
	for (;;) {
		struct entry *e = pop(&j->submitted);

		if (!e && j->ending)
			break;
		if (!e) {
			pthread_cond_wait(&j->work, &j->mutex);
			continue;
		}
		pthread_mutex_unlock(&j->mutex);
		e->fn(e->arg);
		free(e);
		pthread_mutex_lock(&j->mutex);
	}
	pthread_mutex_unlock(&j->mutex);
	return NULL;
}

static void run_posted(struct jobs *j)
{
	for (;;) {
		pthread_mutex_lock(&j->mutex);
		struct entry *e = pop(&j->posted);
		pthread_mutex_unlock(&j->mutex);
		if (!e)
			return;
		e->fn(e->arg);
		free(e);
	}
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;
	ssize_t ignored UNUSED = read(fd, &count, sizeof(count));

	(void)what;
	run_posted(arg);
}

int jobs_open(struct event_base *base, size_t n_threads, struct jobs **ret, struct err **err)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return err_set_errno(err, ERR_INTERNAL, "cannot make an event descriptor");
	struct jobs *j = xcalloc(1, sizeof(*j));
	pthread_mutex_init(&j->mutex, NULL);
	pthread_cond_init(&j->work, NULL);
	j->submitted.tail = &j->submitted.head;
	j->posted.tail = &j->posted.head;
	j->wake_fd = fd;
	j->wake = event_new(base, fd, EV_READ | EV_PERSIST, on_wake, j);
	event_add(j->wake, NULL);
	j->threads = xcalloc(n_threads, sizeof(*j->threads));
	for (; j->n_threads < n_threads; j->n_threads++)
		if (pthread_create(&j->threads[j->n_threads], NULL, worker, j) != 0)
			abort(); /* no memory for a thread is no memory */
	*ret = j;
	return 0;
}

void jobs_submit(struct jobs *j, job_fn *fn, void *arg)
{
	pthread_mutex_lock(&j->mutex);
	push(&j->submitted, fn, arg);
	pthread_cond_signal(&j->work);
	pthread_mutex_unlock(&j->mutex);
}

void jobs_post(struct jobs *j, job_fn *fn, void *arg)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&j->mutex);
	push(&j->posted, fn, arg);
	pthread_mutex_unlock(&j->mutex);
	ssize_t ignored UNUSED = write(j->wake_fd, &one, sizeof(one));
}

struct jobs *jobs_free(struct jobs *j)
{
	if (!j)
		return NULL;
	pthread_mutex_lock(&j->mutex);
	j->ending = true;
	pthread_cond_broadcast(&j->work);
	pthread_mutex_unlock(&j->mutex);
	for (size_t i = 0; i < j->n_threads; i++)
		pthread_join(j->threads[i], NULL);
	run_posted(j);
	/* what the last ones asked for has nobody to run it any more */
	for (struct entry *e; (e = pop(&j->submitted));)
		free(e);
	event_free(j->wake);
	close(j->wake_fd);
	pthread_cond_destroy(&j->work);
	pthread_mutex_destroy(&j->mutex);
	free(j->threads);
	free(j);
	return NULL;
}

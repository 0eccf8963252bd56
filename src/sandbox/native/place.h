#ifndef HANEUL_PLACE_H
#define HANEUL_PLACE_H

struct placement {
  /* Absolute host paths, "" for none. */
  const char *code;
  const char *layers;
  const char *image;
};

/* Both run in a child of their own, which they leave inside the namespace. Answer 0 or an errno. */
int place(int mount_namespace, const struct placement *wanted);
int listen_inside(int network_namespace, unsigned port, int *listener);
#endif

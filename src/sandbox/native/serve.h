#ifndef HANEUL_SERVE_H
#define HANEUL_SERVE_H
int serve(const char *freezer);
#endif

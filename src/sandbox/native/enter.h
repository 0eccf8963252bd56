#ifndef HANEUL_ENTER_H
#define HANEUL_ENTER_H
int enter(int argc, char **argv);
#endif

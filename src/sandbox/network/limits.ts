// How many environments one server gives the internet to. 198.18.0.0/15 has 128 subnets of 1,024 addresses; one of them, taken by the
// server's folder, holds the gateway and an address an environment.

export const egressSubnets = 128;
export const environmentsPerSubnet = 1000;

/** pasta is ready in some 20 ms. */
export const pastaStartMs = 5_000;

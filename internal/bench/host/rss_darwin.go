package host

const maxRSSUnit = 1 // getrusage(2): bytes

"""What a process that serves the apps needs: packing a Space, a port, memory."""

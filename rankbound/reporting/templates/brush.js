// brush

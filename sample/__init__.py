"""What made the sample of ``gabarito demo``; nothing here is part of the product."""
